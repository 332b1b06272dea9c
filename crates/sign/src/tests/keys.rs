//! Encrypted private keys, and times.

use super::{hashes::made, *};

#[test]
fn encrypted_keys_of_openssl_and_python_open_with_their_password() {
    let keys = &made()["encrypted_keys"];
    let password = keys["password"].as_str().unwrap().as_bytes();
    for way in ["pbkdf2-aes256", "pbkdf2-sha512-aes128", "scrypt", "python"] {
        let text = keys[way].as_str().unwrap();
        let key = PrivateKey::from_pem_with_password(text, Some(password)).unwrap();
        assert_eq!(key.public_key().to_pem(), keys["public_key"].as_str().unwrap(), "{way}");
        let code =
            |password| PrivateKey::from_pem_with_password(text, password).unwrap_err().code();
        assert_eq!(code(Some(b"wrong".as_slice())), codes::PASSWORD, "{way}");
        assert_eq!(code(None), codes::KEY_ENCRYPTED, "{way}");
    }
}

#[test]
fn weak_and_unreasonable_encryption_is_refused() {
    let keys = &made()["encrypted_keys"];
    let password = keys["password"].as_str().unwrap().as_bytes();
    for way in ["pbes1-des", "traditional", "dear"] {
        let text = keys[way].as_str().unwrap();
        let failure = PrivateKey::from_pem_with_password(text, Some(password)).unwrap_err();
        assert_eq!(failure.code(), codes::KEY_ENCRYPTED, "{way}");
    }
}

#[test]
fn what_is_encrypted_here_opens_here() {
    for curve in [Curve::P256, Curve::P384, Curve::P521] {
        let key = PrivateKey::generate(curve).unwrap();
        let text = key.to_encrypted_pem(b"secret").unwrap();
        assert!(text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
        let again = PrivateKey::from_pem_with_password(&text, Some(b"secret")).unwrap();
        assert_eq!(again.public_key(), key.public_key());
        assert!(PrivateKey::from_pem_with_password(&text, Some(b"Secret")).is_err());
        assert_eq!(key.to_encrypted_pem(b"").unwrap_err().code(), codes::PASSWORD);
    }
}

#[test]
fn times_are_read_and_written_as_rfc_3339() {
    for (text, seconds) in [
        ("1970-01-01", 0),
        ("2023-11-14T22:13:20Z", 1_700_000_000),
        ("2023-11-15T00:13:20+02:00", 1_700_000_000),
        ("2023-11-14T22:13:20.75Z", 1_700_000_000),
        ("2000-02-29T12:09:14Z", 951_826_154),
        ("1969-12-31T23:59:59Z", -1),
    ] {
        assert_eq!(Moment::parse(text).unwrap(), Moment(seconds), "{text}");
    }
    assert_eq!(Moment(951_826_154).to_string(), "2000-02-29T12:09:14Z");
    for bad in [
        "",
        "2023",
        "2023-13-01",
        "2023-02-29",
        "2023-1-1",
        "2023-11-14T25:00:00Z",
        "2023-11-14T22:13:20",
        "2023-11-14T22:13Z",
        "2023-11-14X22:13:20Z",
        "tomorrow",
        "2023-11-14T22:13:20+0200",
        "2023-11-1é",
    ] {
        assert_eq!(Moment::parse(bad).unwrap_err().code(), codes::TIME, "{bad}");
    }
}
