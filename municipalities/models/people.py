"""Users and their memberships; organisations and people of a county."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from municipalities.models.places import County, Municipality
from municipalities.searching import name_vector


class Sector(models.TextChoices):
    """Whom a party or a participant speaks for. Each is stored as it is; they are combined only when shown."""

    COUNTY = "county", _("wellbeing services county")
    MUNICIPALITY = "municipality", _("municipality")
    PUBLIC = "public", _("other public body")
    COMPANY = "company", _("company")
    ORGANISATION = "organisation", _("organisation")
    PARISH = "parish", _("parish")
    # A source may count organisations and parishes together; splitting such a count would be making it up.
    ORGANISATION_OR_PARISH = "organisation_or_parish", _("organisation or parish")
    INFLUENCING = "influencing", _("influencing body")
    OTHER = "other", _("other")


class UserManager(BaseUserManager["User"]):
    """Users are known by their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make a user who signs in with this address; without a password they must set one by e-mail."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make an administrator of the installation."""
        user = self.create_user(email, password, **fields)
        Membership.objects.create(user=user, role=Membership.Role.ADMINISTRATOR)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        """Find a user by address, whatever its letter case."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """Someone who signs in. What they may do is told by their memberships alone; there is no other superuser.

    Never deleted: events point at them. Anonymised instead.
    """

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=150, blank=True)
    language = models.CharField(
        _("language"),
        max_length=2,
        choices=[("fi", _("Finnish")), ("sv", _("Swedish")), ("en", _("English"))],
        default="fi",
    )
    is_active = models.BooleanField(_("may sign in"), default=True)
    date_joined = models.DateTimeField(_("added"), auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ("email",)
        constraints = (models.UniqueConstraint(Lower("email"), name="user_email_any_case"),)

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        """Return the name to show."""
        return str(self)

    @cached_property
    def all_memberships(self) -> list[Membership]:
        """Every membership that is in force today, with its county and municipality; read once per request."""
        rows = Membership.objects.in_force().filter(user=self)
        # Asked on each page, so nothing is joined but what each page shows, and for the order nothing more.
        return list(rows.select_related("county__area", "municipality__area").order_by("county__area__order", "pk"))

    @property
    def is_administrator(self) -> bool:
        """Whether this user administers the installation (and so may open the admin)."""
        return self.is_active and any(m.role == Membership.Role.ADMINISTRATOR for m in self.all_memberships)

    # The four names below are what Django's admin asks for.
    @property
    def is_staff(self) -> bool:
        """Whether the admin opens."""
        return self.is_administrator

    @property
    def is_superuser(self) -> bool:
        """Whether everything in the admin is allowed."""
        return self.is_administrator

    def has_perm(self, perm: str, obj: object | None = None) -> bool:
        """Return whether the admin allows this."""
        return self.is_administrator

    def has_perms(self, perms: list[str], obj: object | None = None) -> bool:
        """Return whether the admin allows all of these."""
        return self.is_administrator

    def has_module_perms(self, app_label: str) -> bool:
        """Return whether the admin shows this app."""
        return self.is_administrator


class Organisation(models.Model):
    """An organisation, parish, company or public body that a county negotiates with; HUS is one."""

    county = models.ForeignKey(County, models.PROTECT, related_name="organisations", verbose_name=_("county"))
    sector = models.CharField(_("sector"), max_length=30, choices=Sector)
    name = models.CharField(_("name"), max_length=200)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(fields=["county", "name"], name="organisation_once"),
            models.CheckConstraint(
                condition=~Q(sector__in=["county", "municipality", "organisation_or_parish"]),
                name="organisation_sector",
            ),
        )
        indexes = (GinIndex(name_vector("name"), name="organisation_words"),)

    def __str__(self) -> str:
        return self.name


class Person(models.Model):
    """Someone who takes part, in the register of one county, which is its controller (GDPR art. 4(7)).

    Contact details are kept apart, so that they can go while names in minutes stay.
    """

    county = models.ForeignKey(County, models.PROTECT, related_name="people", verbose_name=_("county"))
    user = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="people",
        verbose_name=_("user"),
    )
    name = models.CharField(_("name"), max_length=150)
    role = models.CharField(_("role"), max_length=150, blank=True)
    sector = models.CharField(_("sector"), max_length=30, choices=Sector)
    municipality = models.ForeignKey(
        Municipality,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="people",
        verbose_name=_("municipality"),
    )
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="people",
        verbose_name=_("organisation"),
    )

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(
                fields=["county", "user"],
                name="person_user_once",
                condition=Q(user__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(municipality=None) | Q(organisation=None),
                name="person_for_one",
            ),
        )
        indexes = (GinIndex(name_vector("name", "role"), name="person_words"),)

    def __str__(self) -> str:
        return self.name


class PersonContact(models.Model):
    """How to reach a person. Deleted when its time comes; the person's name and role stay."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    person = models.OneToOneField(Person, models.CASCADE, related_name="contact", verbose_name=_("person"))
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    delete_after = models.DateField(_("to be deleted after"))

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("contact details")
        verbose_name_plural = _("contact details")

    def __str__(self) -> str:
        return self.email or self.phone


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Memberships; those that are asked what somebody may do are those in force."""

    def in_force(self, on: date | None = None) -> MembershipQuerySet:
        """Leave out those whose first day is to come or whose last day has passed; by default today, in Finland."""
        on = on or timezone.localdate()
        return self.filter(
            Q(starts_on=None) | Q(starts_on__lte=on),
            Q(ends_on=None) | Q(ends_on__gte=on),
        )


class Membership(models.Model):
    """What a user may do, and where."""

    class Role(models.TextChoices):
        COORDINATOR = "coordinator", _("coordinator")
        MUNICIPAL_EDITOR = "municipal_editor", _("municipal editor")
        MUNICIPAL_READER = "municipal_reader", _("municipal reader")
        BOARD_MEMBER = "board_member", _("board member")
        ADMINISTRATOR = "administrator", _("administrator of the installation")

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships", verbose_name=_("user"))
    role = models.CharField(_("role"), max_length=20, choices=Role)
    county = models.ForeignKey(
        County,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="memberships",
        verbose_name=_("county"),
    )
    municipality = models.ForeignKey(
        Municipality,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="memberships",
        verbose_name=_("municipality"),
    )
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="memberships",
        verbose_name=_("organisation"),
    )
    # A deputy's: a municipality hands its tasks to another person for a time.
    starts_on = models.DateField(_("first day"), null=True, blank=True)
    ends_on = models.DateField(_("last day"), null=True, blank=True)
    given_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("given by")
    )

    objects: ClassVar = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ("user", "county")
        constraints = (
            models.UniqueConstraint(
                fields=["user", "role", "county", "municipality", "organisation"],
                name="membership_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(
                    role="administrator",
                    county=None,
                    municipality=None,
                    organisation=None,
                )
                | Q(
                    role__in=["coordinator", "board_member"],
                    county__isnull=False,
                    municipality=None,
                )
                | Q(
                    role__in=["municipal_editor", "municipal_reader"],
                    county__isnull=False,
                    municipality__isnull=False,
                ),
                name="membership_role_place",
            ),
            models.CheckConstraint(
                condition=Q(starts_on=None) | Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="membership_days",
            ),
        )

    def __str__(self) -> str:
        where = self.municipality or self.county or ""
        return f"{self.user}: {self.get_role_display()} {where}".strip()
