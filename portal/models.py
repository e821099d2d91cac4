"""All tables, so that one import makes them known to migrations and relationships."""

from portal.accounts import models as accounts
from portal.audit import models as audit
from portal.bulk import models as bulk
from portal.deliveries import models as deliveries
from portal.notices import models as notices
from portal.people import models as people
from portal.privacy import models as privacy
from portal.qualli import models as qualli
from portal.releases import models as releases
from portal.tenants import models as tenants
from portal.tokens import models as tokens

__all__ = [
    "accounts",
    "audit",
    "bulk",
    "deliveries",
    "notices",
    "people",
    "privacy",
    "qualli",
    "releases",
    "tenants",
    "tokens",
]
