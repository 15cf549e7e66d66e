//! Who published a message, by its own word.

use waybill_layouts::canon;
use waybill_model::Carrier;

/// What people call the place; only letters and digits count.
const NAMES: [&str; 22] = [
    "source",
    "cesource",
    "cloudeventssource",
    "xsource",
    "sourceservice",
    "sourcesystem",
    "producer",
    "xproducer",
    "producername",
    "publisher",
    "publishedby",
    "sentby",
    "service",
    "servicename",
    "xservice",
    "appid",
    "app",
    "appname",
    "application",
    "applicationname",
    "origin",
    "originator",
];

/// Whether that is a place in which messages say who published them.
pub(crate) fn tells_publisher(place: &Carrier) -> bool {
    let is_named = |name: &str| NAMES.contains(&canon(name).as_str());
    match place {
        Carrier::AppId => true,
        Carrier::Header(name) => is_named(name),
        Carrier::Json(pointer) => pointer.strip_prefix('/').is_some_and(is_named),
        Carrier::MessageId
        | Carrier::CorrelationId
        | Carrier::TypeProperty
        | Carrier::Key
        | Carrier::RoutingKey => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_publisher_is_told_by_the_name_of_the_place() {
        for (place, told) in [
            ("header:source", true),
            ("header:ce_source", true),
            ("header:cloudEvents:source", true),
            ("header:X-Source", true),
            ("app-id", true),
            ("json:/source", true),
            ("json:/data/source", false),
            ("header:type", false),
            ("header:source-id", false),
            ("key", false),
        ] {
            let carrier: Carrier = place.parse().expect("a place");
            assert_eq!(tells_publisher(&carrier), told, "{place}");
        }
    }
}
