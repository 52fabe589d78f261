"""What can be run of the blueprints to begin from is run: their workflows, and what they know of each other."""

import re

import pytest

from tests.cli.kit import Inside
from tools.gen_gallery import GALLERY


class Place(Inside):
    """A folder with a journal, where examples are deployed."""

    def create(self, name, *arguments, deployment=None):
        """Deploy an example."""
        self("deployments", "create", GALLERY / name / "blueprint.yaml", "-d", deployment or name, *arguments)

    def result(self, workflow, deployment, *arguments):
        """Run a workflow to its end; what it returns."""
        return self.json("run", workflow, "-d", deployment, *arguments)["result"]

    def read(self, what, deployment):
        """Outputs or capabilities by name."""
        return self.json("deployments", what, deployment)[what]

    def properties(self, deployment, node):
        """The runtime properties of each instance of a node."""
        items = self.json("deployments", "instances", deployment)["items"]
        return [one["runtime_properties"] for one in items if one["node_id"] == node]


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Place(tmp_path)


def test_the_book_shop_is_wired_up(place):
    """Each application reads through its own account, the balancer has all of them; the password is in no file."""
    place("secrets", "set", "book_shop_database", stdin="open-sesame-17")
    place.create("book_shop", "-i", "hosts=2")
    assert place.result("wire_up", "book_shop") == 13
    found = place.read("outputs", "book_shop")
    assert found["door"].startswith("balancer_")
    assert len(set(found["shelves"])) == 2
    accounts = [one["account"] for one in found["accounts"].values()]
    assert len(set(accounts)) == 2
    (balancer,) = place.properties("book_shop", "balancer")
    assert balancer["backends"] == sorted(found["shelves"])
    stored = b"".join(path.read_bytes() for path in place.folder.glob("journal.db*"))
    assert b"open-sesame-17" not in stored


def test_without_its_secret_the_book_shop_is_not_deployed(place):
    blueprint = GALLERY / "book_shop" / "blueprint.yaml"
    said = place("deployments", "create", blueprint, "-d", "shop", "-i", "password_secret=elsewhere", code=3).stderr
    assert "elsewhere" in said


def test_a_sensor_sends_by_the_radio_of_its_own_station(place):
    """Four stations: two sensors on each channel; the last offset stands for all that follow."""
    place.create("weather_stations")
    place.result("tune", "weather_stations")
    assert len(place.result("calibrate", "weather_stations", "-p", "offsets=[0.5, -0.25]")) == 8
    found = place.read("outputs", "weather_stations")
    assert found["channels"] == [1, 2, 3, 4]
    calibrated = found["calibrated"].values()
    assert sorted(one["channel"] for one in calibrated) == [1, 1, 2, 2, 3, 3, 4, 4]
    assert sorted(one["offset"] for one in calibrated) == [*[-0.25] * 7, 0.5]


def test_offsets_are_looked_at_before_anything_is_run(place):
    """What is no offset, or too large, is refused."""
    place.create("weather_stations")
    place("run", "calibrate", "-d", "weather_stations", "-p", "offsets=[6]", code=3)
    place("run", "calibrate", "-d", "weather_stations", "-p", "offsets=[much]", code=3)
    assert place.json("list")["items"] == []


def test_ferry_lines_use_the_harbour(place):
    """By name, as their environment, and by the group that both lines are in; the harbour knows who uses it."""
    place.create("harbour", "-i", "fees={north: 150, south: 100}")
    place.create("ferry_line", deployment="night")
    place.create("ferry_line", "-i", "quay=north", deployment="day")
    place.result("moor", "night")
    found = place.read("outputs", "night")
    assert found == {
        "route": "Puttgarden, south quay", "depth": 6, "clearance": 0.8, "known_as": "ferry line night",
        "fees_of_all_lines": {"night": 100, "day": 150},
    }  # fmt: skip
    assert place.read("outputs", "harbour") == {"ships": ["day", "night"], "kind": "environment"}
    assert place.read("capabilities", "harbour")["quays"]["north"] == {"depth": 8.5, "fee": 150}


def test_a_ship_that_is_too_deep_does_not_moor(place):
    place.create("harbour")
    place.create("ferry_line", "-i", "draught=7")
    done = place("run", "moor", "-d", "ferry_line", code=1)
    assert "the ship needs 7 m, and there are 6 m at this quay" in done.stderr


def test_each_bakery_bakes_for_itself(place):
    """The workflows, inputs and plugins of two namespaces do not meet."""
    place.create("two_bakeries", "-i", "south--loaves=25")
    place.result("south--bake", "two_bakeries")
    assert place.read("outputs", "two_bakeries") == {"bread": {"north": None, "south": [25, 25]}}
    place.result("north--bake", "two_bakeries")
    assert place.read("outputs", "two_bakeries")["bread"]["north"] == 40


def test_parcels_go_to_the_chute_of_their_weight(place):
    """And the plugin knows what its import gave it."""
    place.create("parcel_sorting")
    assert place.result("sort", "parcel_sorting", "-p", "parcels=[0.4, 1.9, 12, 40]") == 3
    assert place.read("outputs", "parcel_sorting") == {"sorted": {"light": 2, "heavy": 1}}
    assert place.properties("parcel_sorting", "heavy_parcels") == [{"speed": 1.5, "parcels": 1}]


def test_the_orchestra_plays_what_it_is_given_and_only_when_all_are_there(place):
    place.create("orchestra")
    assert place.result("rehearse", "orchestra", "-p", "piece=Water", "-p", "node_ids=[horns, soloist]") == 3
    for wrong in ("piece=W", "piece=water", "pitch=400", "bars=400", "tempo=fast"):
        place("run", "rehearse", "-d", "orchestra", "-p", "piece=Water", "-p", wrong, code=3)
    said = place("run", "concert", "-d", "orchestra", "-p", "programme=[Air]", code=3).stderr
    assert "node_instances_active" in said
    assert "available: false" in place("run", "open_day", "-d", "orchestra", code=3).stderr
    place.result("arrive", "orchestra")
    assert place.result("concert", "orchestra", "-p", "programme=[Air, Fugue]") == ["Air", "Fugue"]
    assert place.properties("orchestra", "soloist") == [{"played": ["Air", "Fugue"]}]


def test_the_text_of_a_first_start_has_its_secret_and_nothing_keeps_it(place):
    place("secrets", "set", "administrators_key", stdin='{"public": "ssh-ed25519 AAAAC3Nz ada"}')
    place.create("first_boot")
    place.result("render", "first_boot")
    assert place.read("outputs", "first_boot") == {"lines": 13}
    stored = b"".join(path.read_bytes() for path in place.folder.glob("journal.db*"))
    assert b"AAAAC3Nz" not in stored


def test_a_rehearsal_that_failed_goes_on_where_it_was_mended(place):
    """What was done before is not done again."""
    place.create("launch_rehearsal", "-i", "fails_at=fuel", "-i", "bad_weather=0")
    done = place("run", "rehearse", "-d", "launch_rehearsal", code=1)
    assert re.search("first_stage: the step 'fuel' was told to fail", done.stderr)
    (place.folder / "mended").touch()
    place("resume", place.uid())
    steps = place.read("outputs", "launch_rehearsal")["steps"]
    assert steps == {"first_stage": ["close", "fuel", "count"], "second_stage": ["close", "fuel", "count"]}
