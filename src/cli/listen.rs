//! Addresses to listen on, as people write them.

use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};

/// `127.0.0.1:5123`, `[::1]:5123`, `localhost:5123`, or a port alone, which means loopback.
///
/// # Errors
/// A text that is none of these, or a name that has no address.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(port) = text.parse::<u16>() {
        return Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    }
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let found = text.to_socket_addrs().map_err(|error| format!("{error}; write HOST:PORT or a port"))?;
    // A name with several addresses means the one that other tools on this machine try first.
    let found: Vec<SocketAddr> = found.collect();
    let first = found.iter().find(|address| address.is_ipv4()).or(found.first());
    first.copied().ok_or_else(|| "this name has no address".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// M-34
    #[test]
    fn a_port_alone_and_localhost_are_addresses() {
        let loopback = SocketAddr::from(([127, 0, 0, 1], 5123));
        for text in ["5123", "127.0.0.1:5123", "localhost:5123"] {
            assert_eq!(address(text), Ok(loopback), "{text}");
        }
        assert_eq!(address("[::1]:0").map(|address| address.port()), Ok(0));
        for text in ["", "70000", "localhost", "127.0.0.1"] {
            assert!(address(text).is_err(), "{text}");
        }
    }
}
