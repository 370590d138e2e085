//! One order: the authority connects to this server for the name and asks for `acme-tls/1`, is shown a certificate that
//! only the account's owner can make, and then signs the real one.

use super::Fault;
use crate::tls::{self, Certificates};
use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, Identifier, NewOrder, Order, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::sign::CertifiedKey;
use std::sync::Arc;
use std::time::Duration;

/// How long the authority may take for each step.
const TIME: Duration = Duration::from_secs(120);

/// Obtains a certificate. Returns its new key and its chain, in PEM.
pub(super) async fn place(
    account: &Account,
    domain: &str,
    certificates: &Arc<Certificates>,
) -> Result<String, Fault> {
    let names = [Identifier::Dns(domain.to_owned())];
    let mut order = account.new_order(&NewOrder::new(&names)).await?;
    // Shown until the end of this.
    let mut shown = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let mut challenge = authorization.challenge(ChallengeType::TlsAlpn01).ok_or(Fault::NoTlsAlpn)?;
        let proof = proof(domain, challenge.key_authorization().digest().as_ref())?;
        shown.push(certificates.show_proof(domain, proof));
        challenge.set_ready().await?;
    }
    let patience = RetryPolicy::default().timeout(TIME);
    match order.poll_ready(&patience).await {
        Ok(OrderStatus::Ready) => {}
        Ok(_) => return Err(refusal(&mut order).await),
        Err(instant_acme::Error::Api(problem)) => {
            return Err(match refusal(&mut order).await {
                fault @ Fault::Refused(_) => fault,
                _ => Fault::Refused(Box::new(problem)),
            });
        }
        Err(error) => return Err(error.into()),
    }
    let key = KeyPair::generate().map_err(key_fault)?;
    let mut params = CertificateParams::new([domain.to_owned()]).map_err(key_fault)?;
    params.distinguished_name = DistinguishedName::new();
    let request = params.serialize_request(&key).map_err(key_fault)?;
    order.finalize_csr(request.der()).await?;
    let chain = order.poll_certificate(&patience).await?;
    Ok(format!("{}{chain}", key.serialize_pem()))
}

/// Why the authority has not found the name to be ours.
async fn refusal(order: &mut Order) -> Fault {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let Ok(mut authorization) = authorization else { continue };
        if let Ok(state) = authorization.refresh().await
            && let Some(problem) = state.challenges.iter().find_map(|challenge| challenge.error.clone())
        {
            return Fault::Refused(Box::new(problem));
        }
    }
    Fault::Rejected("it has given the order up without a reason".to_owned())
}

/// The certificate that proves to the authority that its question has arrived here (RFC 8737, section 3).
fn proof(domain: &str, digest: &[u8]) -> Result<CertifiedKey, Fault> {
    let mut params = CertificateParams::new([domain.to_owned()]).map_err(key_fault)?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    tls::self_signed(&params).map_err(|error| Fault::Key(error.to_string()))
}

fn key_fault(error: rcgen::Error) -> Fault {
    Fault::Key(error.to_string())
}
