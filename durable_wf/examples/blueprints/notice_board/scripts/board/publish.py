"""Write the page from the template beside the blueprint into the server's folder."""

from pathlib import Path

from cloudify import ctx
from cloudify.state import ctx_parameters as inputs

page = Path(inputs["folder"]) / "index.html"
rendered = ctx.download_resource_and_render(
    "pages/board.html", template_variables={"title": inputs["title"], "theme": inputs["theme"]}
)
page.write_text(Path(rendered).read_text())
ctx.instance.runtime_properties["page"] = page.name
