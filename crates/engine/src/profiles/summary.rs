//! A profile in a line.

use waybill_model::Profile;
use waybill_protocol::ProfileSummary;

/// The line for the list of profiles.
pub(crate) fn summary(profile: &Profile) -> ProfileSummary {
    let table = profile.outbox.as_ref().map(|outbox| outbox.table.as_str());
    let table = table.or_else(|| {
        profile
            .business
            .first()
            .map(|business| business.table.as_str())
    });
    let destinations: Vec<_> = profile
        .flows
        .iter()
        .map(|flow| flow.destination.as_str())
        .collect();
    ProfileSummary {
        name: profile.name.clone(),
        environment: profile.environment,
        access: profile.access,
        subtitle: format!("{} → {}", table.unwrap_or("?"), destinations.join(", ")),
        problem: String::new(),
    }
}

/// The names of all secrets a profile refers to, each once.
pub(crate) fn secret_names(profile: &Profile) -> Vec<String> {
    let databases = profile.databases.values().map(|database| &database.secret);
    let mut names: Vec<String> = [&profile.database.secret, &profile.broker.secret]
        .into_iter()
        .chain(databases)
        .flatten()
        .cloned()
        .collect();
    names.sort();
    names.dedup();
    names
}
