"""How the whole system stands: what the database knows, and what the services report."""

from pydantic import Field

from services.web.dependencies.resources import Resources
from services.web.live.service_states import ServiceState
from shared.postgres.database import Connection
from shared.store.operations import OperationsView, operations


class WholeOperationsView(OperationsView):
    """The state of the whole system, services included."""

    services: list[ServiceState] | None = Field(
        description="All but the web; null: this process has just begun to listen to their reports"
    )


async def view_operations(resources: Resources, connection: Connection) -> WholeOperationsView:
    """Return how things stand now."""
    known = await operations(connection)
    return WholeOperationsView(**dict(known), services=resources.services.current())
