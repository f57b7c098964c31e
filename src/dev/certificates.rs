//! https on a developer's machine: a certificate authority of this machine's own, made at first start, and a certificate of
//! each run.
//!
//! The inbox takes discovery over https only, and its page opens streams to https only. Whoever trusts the authority trusts
//! nothing more than this machine: what it signs is bound to names of this machine (RFC 5280 §4.2.1.10). Its key stays in the
//! data folder, readable for its owner only, and never signs anywhere else.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use chrono::{DateTime, Datelike, Utc};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, NameConstraints, date_time_ymd,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig, crypto,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

use super::run::write_at_once;

/// Names by which programs of this machine, its containers among them, find it.
const NAMES: [&str; 4] = ["localhost", "app.localhost", "dialogporten", "host.docker.internal"];
const CERTIFICATE: &str = "ca.pem";
const KEY: &str = "ca-key.pem";

/// The authority of one data folder.
pub struct Authority {
    /// The certificate that others are to trust.
    pub certificate: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// The authority kept in `folder`, made there if it is missing.
    ///
    /// # Errors
    /// Files that cannot be read or written.
    pub fn of(folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("making the folder {}", folder.display()))?;
        let (certificate, key_file) = (folder.join(CERTIFICATE), folder.join(KEY));
        let kept = match fs::read_to_string(&key_file) {
            Ok(pem) => Some(pem),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(|| format!("the key {}", key_file.display())),
        };
        let key = match &kept {
            Some(pem) => KeyPair::from_pem(pem).with_context(|| format!("the key {}", key_file.display()))?,
            None => KeyPair::generate()?,
        };
        let params = params()?;
        if kept.is_none() || !certificate.exists() {
            let signed = params.self_signed(&key)?;
            write_at_once(&certificate, &signed.pem())?;
            // Last: without it everything is made anew.
            write_at_once(&key_file, &key.serialize_pem())?;
        }
        Ok(Self { certificate, issuer: Issuer::new(params, key) })
    }

    /// What a listener needs that is called by `host`, beside the names of this machine, at `now`.
    ///
    /// # Errors
    /// A host that is no name.
    pub fn acceptor(&self, host: Option<&str>, now: DateTime<Utc>) -> anyhow::Result<TlsAcceptor> {
        let key = KeyPair::generate()?;
        let mut names: Vec<String> = NAMES.map(str::to_owned).into();
        names.extend([IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)].map(|ip| ip.to_string()));
        // Others are none that the authority may sign for.
        names.extend(host.filter(|host| may_sign(host)).map(str::to_owned));
        names.sort();
        names.dedup();
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, "Dialogporten on this machine");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        // For a year at least, whenever that is, and not for the 825 days that browsers take from nobody.
        params.not_before = date_time_ymd(now.year() - 1, 12, 1);
        params.not_after = date_time_ymd(now.year() + 1, 12, 31);
        let certificate = params.signed_by(&key, &self.issuer)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

/// The authority's certificate, less its key: the same at every start.
fn params() -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Dialogporten sandbox on this machine");
    // Constrained to nothing below: its key cannot make another authority.
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2050, 1, 1);
    // `localhost` covers what ends in it: constraints are suffixes.
    let names = NAMES.iter().filter(|name| !name.contains(".localhost"));
    let mut permitted: Vec<_> = names.map(|name| GeneralSubtree::DnsName((*name).to_owned())).collect();
    permitted.push(GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([127, 0, 0, 0], 8)));
    permitted.push(GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(Ipv6Addr::LOCALHOST.into(), 128)));
    params.name_constraints = Some(NameConstraints { permitted_subtrees: permitted, excluded_subtrees: Vec::new() });
    Ok(params)
}

/// Whether the authority's constraints cover a host.
fn may_sign(host: &str) -> bool {
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => NAMES.contains(&host) || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_authority_stays_and_its_key_belongs_to_its_owner() {
        let folder = std::env::temp_dir().join(format!("authority-{}", uuid::Uuid::new_v4()));
        let first = Authority::of(&folder).expect("an authority");
        let text = fs::read_to_string(&first.certificate).expect("the certificate");
        let again = Authority::of(&folder).expect("the same");
        assert_eq!(fs::read_to_string(&again.certificate).expect("the certificate"), text);
        let mode = fs::metadata(folder.join(KEY)).expect("the key").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::remove_dir_all(folder).expect("removed");
    }

    #[test]
    fn it_signs_for_this_machine_only() {
        for (host, may) in [
            ("localhost", true),
            ("inbox.localhost", true),
            ("127.0.0.1", true),
            ("[::1]", true),
            ("host.docker.internal", true),
            ("example.no", false),
            ("localhost.example.no", false),
            ("10.0.0.1", false),
        ] {
            assert_eq!(may_sign(host), may, "{host}");
        }
    }
}
