//! Whether a request was caused by a page of ours. Cookies and forms count only then.

use http::HeaderMap;
use socketio_server::origin::{OriginPolicy, OriginVerdict};

/// False when an `Origin` that is not ours, or a `Sec-Fetch-Site` other than `same-origin` or `none`, came along.
/// Listed foreign origins are not ours. A request with neither header is no browser's, or a same-origin GET.
pub fn is_ours(origins: &OriginPolicy, headers: &HeaderMap) -> bool {
    let own_origin = matches!(origins.judge(headers), OriginVerdict::Absent | OriginVerdict::Own(_));
    own_origin && is_own_site(headers)
}

/// False when a browser says that a page of another site caused the request.
pub fn is_own_site(headers: &HeaderMap) -> bool {
    headers.get_all("sec-fetch-site").iter().all(|site| site == "same-origin" || site == "none")
}
