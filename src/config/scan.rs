//! `[scan]`: which account, regions and how long.

use super::error::{ConfigError, Source};
use super::units;
use crate::aws::arn::is_account_id;
use crate::aws::regions::REGIONS;
use crate::nearest::nearest;

/// Far beyond what a scan takes.
const DEFAULT_BUDGET: std::time::Duration = std::time::Duration::from_secs(3600);

pub(super) fn account_id(source: &Source, raw: toml::Spanned<String>) -> Result<String, ConfigError> {
    match is_account_id(raw.get_ref()) {
        true => Ok(raw.into_inner()),
        false => {
            let message = format!("`{}` is not an account's id; expected 12 digits in quotes", raw.get_ref());
            Err(source.at(raw.span(), message))
        }
    }
}

pub(super) fn regions(
    source: &Source,
    regions: Option<Vec<toml::Spanned<String>>>,
) -> Result<Option<Vec<String>>, ConfigError> {
    let Some(regions) = regions else { return Ok(None) };
    if regions.is_empty() {
        return Err(source.nowhere("scan.regions is empty: leave it out for every enabled region, or name some"));
    }
    let mut names = Vec::new();
    for region in regions {
        let shape = region.get_ref().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let ends_in_a_number = region.get_ref().ends_with(|c: char| c.is_ascii_digit());
        let is_three = region.get_ref().split('-').count() >= 3;
        if !shape || !ends_in_a_number || !is_three || region.get_ref().split('-').any(str::is_empty) {
            let hint =
                nearest(region.get_ref(), REGIONS).map_or(".".to_owned(), |near| format!("; did you mean {near}?"));
            let message = format!("`{}` is not a region{hint} Expected is a name such as eu-west-1", region.get_ref());
            return Err(source.at(region.span(), message));
        }
        names.push(region.into_inner());
    }
    Ok(Some(names))
}

pub(super) fn budget(
    source: &Source,
    budget: Option<toml::Spanned<String>>,
) -> Result<std::time::Duration, ConfigError> {
    let Some(text) = budget else { return Ok(DEFAULT_BUDGET) };
    let span = units::duration(text.get_ref()).and_then(|span| std::time::Duration::try_from(span).ok());
    span.ok_or_else(|| {
        let message = format!("`{}` is not a time span; expected one such as 90s, 30m or 2h", text.get_ref());
        source.at(text.span(), message)
    })
}
