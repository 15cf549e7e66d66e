//! Opens a source by its URL, password inside, as only a bench does.

use std::collections::BTreeMap;

use anyhow::Context as _;
use waybill_model::Access;
use waybill_source::{Secret, Source, Target};

/// The source behind a URL.
pub(crate) async fn open(url: &str, access: Access) -> anyhow::Result<Source> {
    let scheme = url.split(':').next().unwrap_or_default();
    let drivers = waybill_compose::drivers();
    let driver = drivers
        .iter()
        .find(|driver| driver.url_schemes().contains(&scheme));
    let driver = driver.with_context(|| format!("no driver answers to {scheme}:"))?;
    let (url, secret) = without_password(url)?;
    let target = Target {
        name: "bench".to_owned(),
        url,
        management_url: None,
        secret: secret.map(Secret::new),
        options: BTreeMap::new(),
        access,
    };
    Ok(driver.open(&target).await?)
}

fn without_password(text: &str) -> anyhow::Result<(String, Option<String>)> {
    let mut url = url::Url::parse(text)?;
    let password = url.password().map(str::to_owned);
    if password.is_some() {
        url.set_password(None)
            .ok()
            .context("this address takes no password")?;
    }
    Ok((url.to_string(), password))
}
