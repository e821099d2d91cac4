"""Django's admin over the product's tables: the change list as it comes, and with its counts off."""

from __future__ import annotations

import os
from typing import Any

import django
from django.conf import settings

PARTS = dict(part.split("=", 1) for part in os.environ["PEER_DATABASE"].split())
settings.configure(
    SECRET_KEY="a secret of benchmarks",  # noqa: S106 - it protects nothing
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": PARTS["dbname"],
            "USER": PARTS["user"],
            "HOST": PARTS["host"],
            "CONN_MAX_AGE": None,
            "OPTIONS": {"options": "-c search_path=peers,public"},
        }
    },
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    STATIC_URL="/static/",
)
django.setup()

from django.contrib import admin  # noqa: E402 - Django is set up first
from django.core.paginator import Paginator  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import models  # noqa: E402
from django.urls import path  # noqa: E402

TENANT = int(os.environ["PEER_TENANT"])
NUMBER = int(os.environ["PEER_PEOPLE"])


class Order(models.Model):
    number = models.TextField()
    title = models.TextField()

    class Meta:
        managed, db_table, app_label = False, "orders", "auth"

    def __str__(self) -> str:
        return self.title


class Mediator(models.Model):
    initials = models.TextField()

    class Meta:
        managed, db_table, app_label = False, "mediator", "auth"

    def __str__(self) -> str:
        return self.initials


class Participant(models.Model):
    number = models.TextField()
    last_name = models.TextField()
    first_name = models.TextField()

    class Meta:
        managed, db_table, app_label = False, "participant", "auth"


class State(models.Model):
    tenant_id = models.BigIntegerField()
    participant = models.ForeignKey(Participant, models.CASCADE)
    order = models.ForeignKey(Order, models.CASCADE, null=True)
    mediator = models.ForeignKey(Mediator, models.CASCADE, null=True)
    listed = models.BooleanField()
    sort_key = models.TextField()
    status = models.TextField()
    phase = models.TextField()

    class Meta:
        managed, db_table, app_label = False, "participant_state", "auth"


class Plain(State):
    class Meta:
        proxy, app_label = True, "auth"


class WithoutCount(Paginator):
    """Knows how many there are from elsewhere."""

    @property
    def count(self) -> int:  # type: ignore[override]
        return NUMBER


class List(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "number", "status", "phase", "order", "mediator")
    list_select_related = ("participant", "order", "mediator")
    list_filter = ("status", "phase")
    search_fields = ("participant__last_name", "participant__first_name", "participant__number")
    ordering = ("sort_key",)
    list_per_page = 50

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).filter(tenant_id=TENANT, listed=True)

    def name(self, row: State) -> str:
        return f"{row.participant.last_name}, {row.participant.first_name}"

    def number(self, row: State) -> str:
        return row.participant.number


class ListWithoutCount(List):
    show_full_result_count = False
    paginator = WithoutCount


admin.site.register(State, List)
admin.site.register(Plain, ListWithoutCount)
urlpatterns = [path("admin/", admin.site.urls)]
application = get_wsgi_application()


def prepare() -> None:
    """Make Django's own tables and an administrator."""
    from django.contrib.auth.models import User  # noqa: PLC0415 - after the tables are there
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    if not User.objects.filter(username="bench").exists():
        User.objects.create_superuser("bench", password="bench")  # noqa: S106 - on loopback, thrown away


if __name__ == "__main__":
    prepare()
