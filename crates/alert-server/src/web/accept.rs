//! What a client would rather have (RFC 9110, section 12.5.1).

use axum::http::{HeaderMap, header};

/// How much a client wants `kind`, from 0 to 1. Only where it says so by name: `*/*` is what programs send that have
/// not thought about it.
pub(super) fn quality(headers: &HeaderMap, kind: &str) -> f32 {
    let fields = headers.get_all(header::ACCEPT).iter().filter_map(|field| field.to_str().ok());
    let mut ranges = fields.flat_map(|field| field.split(',')).map(range);
    ranges.find(|(range, _)| range.eq_ignore_ascii_case(kind)).map_or(0.0, |(_, quality)| quality)
}

/// A media range and its quality.
fn range(text: &str) -> (&str, f32) {
    let mut parts = text.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    (kind, quality.map_or(1.0, |quality| quality.parse().unwrap_or(0.0)))
}
