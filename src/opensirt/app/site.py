"""Which site profile is in force, and the figures in it."""

from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from opensirt.domain.site import SiteProfile
from opensirt.errors import InputError


@dataclass(frozen=True, eq=False)
class SiteInForce:
    """A profile and the file that it was read from; None where nothing was decided."""

    profile: SiteProfile
    path: Path | None

    @property
    def zone(self) -> tzinfo | None:
        """Time zone that the site states; None without a profile of its own."""
        return None if self.path is None else ZoneInfo(self.profile.time_zone)


def user_site_path() -> Path:
    """Return where the user's own site.toml lies, whether it exists or not."""
    from platformdirs import user_config_path

    from opensirt.files.site_file import SITE_FILE_NAME

    return user_config_path("opensirt") / SITE_FILE_NAME


def site_in_force(*, given: Path | None = None, case_folder: Path | None = None) -> SiteInForce:
    """Return the profile of the first site.toml: the one given, beside the case, the user's.

    Without any, the default profile is in force.

    Raises
    ------
    InputError
        When the one given does not exist, or the first one found cannot be used.
    """
    from opensirt.domain.site_defaults import default_site_profile
    from opensirt.files.site_file import SITE_FILE_NAME, read_site_file

    if given is not None:
        if not given.is_file():
            raise InputError(f"there is no site profile {given.name}; check --site")
        return SiteInForce(read_site_file(given), given)
    places = [user_site_path()]
    if case_folder is not None:
        places.insert(0, case_folder / SITE_FILE_NAME)
    for place in places:
        if place.is_file():
            return SiteInForce(read_site_file(place), place)
    return SiteInForce(default_site_profile(), None)
