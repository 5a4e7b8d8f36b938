//! What a ServiceAccount token says about itself, read without asking anyone.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256};
use ring::signature::{RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::Value;

use super::Token;

/// The claims of a token that the TokenRequest API issued (`pkg/serviceaccount/claims.go` of Kubernetes).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// The ServiceAccount it stands for: `monitoring/monitoring-sa`.
    pub service_account: String,
    /// That account's UID.
    pub service_account_uid: String,
    /// Name and UID of the Secret it is bound to.
    pub handle: Option<Reference>,
    /// The URL by which its maker is known.
    pub issuer: String,
    /// Whom it is for.
    pub audiences: Vec<String>,
}

/// A name and the UID that tells it from a later object of the same name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Reference {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.uid`.
    pub uid: String,
}

#[derive(Deserialize)]
struct Payload {
    exp: i64,
    iat: i64,
    #[serde(default)]
    iss: String,
    #[serde(default)]
    aud: Vec<String>,
    #[serde(rename = "kubernetes.io")]
    kubernetes: Bound,
}

#[derive(Deserialize)]
struct Bound {
    #[serde(default)]
    namespace: String,
    serviceaccount: Reference,
    secret: Option<Reference>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
}

impl Claims {
    /// `None` for anything but a bound ServiceAccount token.
    #[must_use]
    pub fn of(token: &Token) -> Option<Self> {
        let payload: Payload = json(token.expose().split('.').nth(1)?)?;
        Some(Self {
            issued_at: Timestamp::from_second(payload.iat).ok()?,
            expires_at: Timestamp::from_second(payload.exp).ok()?,
            service_account: format!(
                "{}/{}",
                payload.kubernetes.namespace, payload.kubernetes.serviceaccount.name
            ),
            service_account_uid: payload.kubernetes.serviceaccount.uid,
            handle: payload.kubernetes.secret,
            issuer: payload.iss,
            audiences: payload.aud,
        })
    }
}

impl Token {
    /// Whether it has the form of a signed JSON Web Token.
    #[must_use]
    pub fn is_jwt(&self) -> bool {
        let parts: Vec<&str> = self.expose().split('.').collect();
        let is_object = |part: &str| json::<serde_json::Map<String, Value>>(part).is_some();
        matches!(parts.as_slice(), [header, claims, _] if is_object(header) && is_object(claims))
    }
}

/// The public keys that a cluster signs ServiceAccount tokens with, from `/openid/v1/jwks`.
#[derive(Clone, Debug)]
pub struct KeySet(Vec<Key>);

#[derive(Clone, Debug, Deserialize)]
struct Key {
    kid: Option<String>,
    #[serde(flatten)]
    material: Material,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kty")]
enum Material {
    #[serde(rename = "RSA")]
    Rsa { n: String, e: String },
    #[serde(rename = "EC")]
    Ec { crv: String, x: String, y: String },
    #[serde(other)]
    Unknown,
}

impl KeySet {
    /// `None` where the document is not a key set.
    #[must_use]
    pub fn parse(jwks: &Value) -> Option<Self> {
        let keys = Vec::<Key>::deserialize(jwks.get("keys")?).ok()?;
        (!keys.is_empty()).then_some(Self(keys))
    }

    /// Whether one of the keys signed `token`; `None` where that cannot be told, because the
    /// algorithm is none of RS256 and ES256.
    #[must_use]
    pub fn signed(&self, token: &Token) -> Option<bool> {
        let Some((message, signature)) = token.expose().rsplit_once('.') else {
            return Some(false);
        };
        let (Some(header), Some(signature)) = (
            message.split('.').next().and_then(json::<Header>),
            decode(signature),
        ) else {
            return Some(false);
        };
        if !matches!(header.alg.as_str(), "RS256" | "ES256") {
            return None;
        }
        let mut candidates = self
            .0
            .iter()
            .filter(|key| header.kid.is_none() || key.kid == header.kid);
        Some(candidates.any(|key| key.material.verify(message.as_bytes(), &signature)))
    }
}

impl Material {
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let verified = match self {
            Self::Rsa { n, e } => decode(n).zip(decode(e)).map(|(n, e)| {
                RsaPublicKeyComponents { n, e }.verify(
                    &RSA_PKCS1_2048_8192_SHA256,
                    message,
                    signature,
                )
            }),
            Self::Ec { crv, x, y } if crv == "P-256" => decode(x).zip(decode(y)).map(|(x, y)| {
                // An uncompressed point, as SEC 1 has it.
                let point = [&[4], x.as_slice(), y.as_slice()].concat();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }),
            Self::Ec { .. } | Self::Unknown => None,
        };
        verified.is_some_and(|verified| verified.is_ok())
    }
}

fn decode(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}

fn json<T: for<'de> Deserialize<'de>>(part: &str) -> Option<T> {
    serde_json::from_slice(&decode(part)?).ok()
}

#[cfg(test)]
pub(super) mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    use serde_json::json;

    use super::*;

    pub(crate) fn unsigned(
        issued: i64,
        expires: i64,
        account: &str,
        handle: (&str, &str),
    ) -> String {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!(
            "{}.{}",
            part(json!({"alg": "ES256", "kid": "k1"})),
            part(json!({
                "iat": issued, "exp": expires, "aud": ["x"],
                "kubernetes.io": {
                    "serviceaccount": {"name": "monitoring-sa", "uid": account},
                    "secret": {"name": handle.0, "uid": handle.1},
                },
            }))
        )
    }

    #[test]
    fn a_signature_is_told_from_a_forged_one() {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
        let key = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).expect("a key");
        let point = key.public_key().as_ref();
        let keys = KeySet::parse(&json!({"keys": [{
            "kty": "EC", "crv": "P-256", "kid": "k1", "alg": "ES256", "use": "sig",
            "x": URL_SAFE_NO_PAD.encode(&point[1..33]), "y": URL_SAFE_NO_PAD.encode(&point[33..]),
        }]}))
        .expect("a key set");

        let message = unsigned(0, 3600, "sa", ("h", "u"));
        let signature = key.sign(&random, message.as_bytes()).expect("signs");
        let signature = URL_SAFE_NO_PAD.encode(signature.as_ref());
        let token = Token::new(format!("{message}.{signature}"));
        assert_eq!(keys.signed(&token), Some(true));
        assert_eq!(
            Claims::of(&token)
                .expect("claims")
                .handle
                .expect("bound")
                .uid,
            "u"
        );

        let other = unsigned(0, 7200, "sa", ("h", "u"));
        assert_eq!(
            keys.signed(&Token::new(format!("{other}.{signature}"))),
            Some(false)
        );
        for broken in ["", ".", "..", "a.b.c", "eyJ.eyJ.x", message.as_str()] {
            assert_ne!(
                keys.signed(&Token::new(broken.to_owned())),
                Some(true),
                "{broken}"
            );
        }
    }

    #[test]
    fn what_is_not_a_bound_token_has_no_claims() {
        for text in ["", "x", "a.b.c", "e30.e30.e30", "eyJhIjoxfQ.W10."] {
            assert_eq!(Claims::of(&Token::new(text.to_owned())), None, "{text}");
        }
    }
}
