//! What a client would rather have (RFC 9110, section 12.5).

use axum::http::{HeaderMap, HeaderName, header};

/// How much a client wants `kind`, from 0 to 1. It must name `kind`: programs that do not care send `*/*`.
pub(super) fn quality(headers: &HeaderMap, kind: &str) -> f32 {
    let mut ranges = ranges(headers, &header::ACCEPT);
    ranges.find(|(range, _)| range.eq_ignore_ascii_case(kind)).map_or(0.0, |(_, quality)| quality)
}

/// The members of a list with their quality, in order.
pub(super) fn ranges<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = (&'a str, f32)> + use<'a> {
    let fields = headers.get_all(name).iter().filter_map(|field| field.to_str().ok());
    fields.flat_map(|field| field.split(',')).map(range)
}

/// A range and its quality.
fn range(text: &str) -> (&str, f32) {
    let mut parts = text.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    (kind, quality.map_or(1.0, |quality| quality.parse().unwrap_or(0.0)))
}
