"""The web service's wiring: pages and API over one set of resources."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from services.web.api import (
    audit,
    changes,
    connection_tests,
    contact_history,
    contacts,
    imports,
    managers,
    operations,
    plans,
    portal_sign_in,
    previews,
    runs,
    schedules,
    uploads,
    webhooks,
)
from services.web.api.error_answers import api_error
from services.web.dependencies.api_route import PREFIX
from services.web.dependencies.page_route import NewPasswordNeededError, SignInNeededError
from services.web.dependencies.resources import Resources
from services.web.live.connection_tests import ConnectionTests
from services.web.live.previews import Previews
from services.web.live.run_watch import RunWatch
from services.web.live.service_states import ServiceStates
from services.web.pages import accounts as account_pages
from services.web.pages import audit as audit_pages
from services.web.pages import contact_history as contact_history_pages
from services.web.pages import (
    dry_runs,
    edit_contact,
    new_fields,
    preview_import,
    set_up_import,
    set_up_steps,
    sign_in,
    your_account,
)
from services.web.pages import events as event_pages
from services.web.pages import imports as import_pages
from services.web.pages import managers as manager_pages
from services.web.pages import operations as operation_pages
from services.web.pages import runs as run_pages
from services.web.pages import schedules as schedule_pages
from services.web.pages import webhooks as webhook_pages
from services.web.pages.error_answers import page_error
from services.web.security.attempts import Attempts, SignInAttempts
from services.web.security.body_limit import BodyLimit
from services.web.security.response_headers import ResponseHeaders
from services.web.settings import Settings
from shared.clock import Clock, SystemClock
from shared.errors import ContactsSyncError, TransientError
from shared.health import Check
from shared.objects.store import SealedObjects
from shared.password_hashing import PasswordHashes
from shared.postgres.database import DATABASE_DOWN, Database
from shared.sealing import Sealer

TAKES_FILE = re.compile(rf"{PREFIX}/uploads|/imports/(new|steps|preview|dry-run|test-connection|[^/]+/edit)")
"""The set-up form is sent whole, with the file that was chosen in it."""
_STATIC = Path(__file__).parent / "pages" / "static"


def create_app(settings: Settings, clock: Clock | None = None) -> FastAPI:
    """Build everything and open nothing; database, objects and the listening connection open with the app."""
    database = Database(settings.postgres, "web")
    clock = clock or SystemClock()
    resources = Resources(
        settings=settings,
        database=database,
        sealer=Sealer.from_base64([key.get_secret_value() for key in settings.secrets.keys]),
        passwords=PasswordHashes(settings.passwords),
        watch=RunWatch(database.dsn),
        connection_tests=ConnectionTests(settings.kafka, clock),
        portal_attempts=Attempts(settings.web.portal_attempts),
        sign_in_attempts=SignInAttempts(settings.web.sign_in_attempts, settings.web.sign_in_attempts_per_address),
        previews=Previews(settings.kafka, clock),
        services=ServiceStates(settings.kafka, clock),
        clock=clock,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        resources.objects = SealedObjects.from_settings(settings.objects, resources.sealer)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(resources.database)
            await stack.enter_async_context(resources.watch)
            await stack.enter_async_context(resources.connection_tests)
            await stack.enter_async_context(resources.previews)
            await stack.enter_async_context(resources.services)
            yield

    app = FastAPI(
        title="contacts-sync",
        version="1",
        lifespan=lifespan,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.resources = resources
    # History before contacts: whose path takes all that follows.
    for group in (
        managers,
        portal_sign_in,
        contact_history,
        contacts,
        changes,
        uploads,
        imports,
        schedules,
        connection_tests,
        previews,
        runs,
        plans,
        audit,
        operations,
        webhooks,
    ):
        app.include_router(group.router)
    for pages in (
        sign_in,
        manager_pages,
        contact_history_pages,
        edit_contact,
        preview_import,
        new_fields,
        set_up_steps,
        dry_runs,
        set_up_import,
        schedule_pages,
        import_pages,
        run_pages,
        your_account,
        account_pages,
        audit_pages,
        operation_pages,
        webhook_pages,
        event_pages,
    ):
        app.include_router(pages.router)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    for kind in (
        ContactsSyncError,
        SignInNeededError,
        NewPasswordNeededError,
        RequestValidationError,
        ValidationError,
        HTTPException,
        *DATABASE_DOWN,
        Exception,
    ):
        app.add_exception_handler(kind, _answer_error)
    app.add_middleware(
        BodyLimit,
        max_body_bytes=settings.web.max_body_bytes,
        max_upload_bytes=settings.web.max_upload_bytes,
        takes_file=TAKES_FILE,
    )
    app.add_middleware(ResponseHeaders)
    return app


def health_checks(app: FastAPI) -> Mapping[str, Check]:
    """Return what has to be there for the service to be ready, for `shared.health.health_routes`."""
    resources: Resources = app.state.resources
    return {"postgres": resources.database.answers}


async def _answer_error(request: Request, error: Exception) -> Response:
    if isinstance(error, DATABASE_DOWN):
        error = TransientError("database_unavailable", "The database can't be reached just now; try again.")
    return (api_error if request.url.path.startswith(PREFIX) else page_error)(request, error)
