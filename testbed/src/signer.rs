//! Tokens as the cluster would have issued them at another time.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::Value;

use crate::control_plane::ControlPlane;

impl ControlPlane {
    /// `token` with some of its claims changed, signed anew with the cluster's own key: the API server takes it for one
    /// of its own.
    pub fn sign_again(&self, token: &str, change: impl FnOnce(&mut Value)) -> String {
        let parts: Vec<&str> = token.split('.').collect();
        let decoded = URL_SAFE_NO_PAD.decode(parts[1]).expect("a token's claims");
        let mut claims: Value = serde_json::from_slice(&decoded).expect("claims are JSON");
        change(&mut claims);
        let message = format!(
            "{}.{}",
            parts[0],
            URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        let random = SystemRandom::new();
        let pem = std::fs::read_to_string(self.directory().join("service-accounts.key"));
        let pem = pem.expect("the control plane has a key for tokens");
        let der: String = pem
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .collect();
        let der = STANDARD.decode(der).expect("a PEM file");
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &random);
        let key = key.expect("an ECDSA key");
        let signature = key
            .sign(&random, message.as_bytes())
            .expect("a key can sign");
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}
