//! Answers that come page by page.

use std::collections::HashSet;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use super::call_error::CallError;

/// More than any account has; where tokens go on for ever, the end.
const MOST: usize = 10_000;

/// Asks for page after page until there is no further token. A token that comes again, or no end, is a failure: what is
/// missing nobody can tell.
pub(super) async fn each_page<P, E>(
    ask: impl AsyncFn(Option<String>) -> Result<P, SdkError<E, HttpResponse>>,
    next: impl Fn(&P) -> Option<&str>,
    mut take: impl FnMut(P) -> Result<(), CallError>,
) -> Result<(), CallError>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let mut asked = HashSet::new();
    let mut token = None;
    loop {
        let page = ask(token).await.map_err(|error| CallError::of(&error))?;
        token = next(&page).filter(|token| !token.is_empty()).map(str::to_owned);
        take(page)?;
        let Some(token) = &token else { return Ok(()) };
        if !asked.insert(token.clone()) {
            return Err(CallError::unreadable("a page's token leads to a page that was read before"));
        }
        if asked.len() >= MOST {
            return Err(CallError::unreadable(format!("more than {MOST} pages, the limit")));
        }
    }
}

/// The pages themselves.
pub(super) async fn all_pages<P, E>(
    ask: impl AsyncFn(Option<String>) -> Result<P, SdkError<E, HttpResponse>>,
    next: impl Fn(&P) -> Option<&str>,
) -> Result<Vec<P>, CallError>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let mut pages = Vec::new();
    let take = |page| {
        pages.push(page);
        Ok(())
    };
    each_page(ask, next, take).await?;
    Ok(pages)
}
