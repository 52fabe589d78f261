"""Cancel requests, as workflows see them.

Not names handed on but the very module, so that a test that patches its `cancel_request` is heard by its functions.
"""

import sys

from durable_wf.authoring import workflow_api

sys.modules[__name__] = workflow_api
