//! Where a request came from: `sourceIPAddress`, which is an address, or the DNS name of a service that asked for somebody
//! (CloudTrail User Guide, "CloudTrail record contents").

use std::net::IpAddr;

use crate::glob::glob;

/// Addresses that are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceAddress {
    /// `198.51.100.0/24`: the addresses whose first bits are these, so many of them.
    Network(IpAddr, u32),
    /// A name, in which `*` stands for any run of characters.
    Name(String),
}

impl SourceAddress {
    /// `Err`: what is wrong with it, and what is expected.
    pub fn parse(text: &str) -> Result<SourceAddress, String> {
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let refused =
            || format!("`{text}` is no address: expected 198.51.100.7, 198.51.100.0/24, 2001:db8::/32 or a name");
        match (address.parse::<IpAddr>(), length) {
            (Ok(address), None) => Ok(SourceAddress::Network(address, bits(address).1)),
            (Ok(address), Some(length)) => {
                let length = length.parse().ok().filter(|length| *length <= bits(address).1).ok_or_else(refused)?;
                Ok(SourceAddress::Network(address, length))
            }
            (Err(_), None) if text.contains(['.', '*', ' ']) && !text.contains(':') => {
                let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
                if is_number { Err(refused()) } else { Ok(SourceAddress::Name(text.to_owned())) }
            }
            (Err(_), _) => Err(refused()),
        }
    }

    /// Whether what a record says is one of these.
    pub fn holds(&self, told: &str) -> bool {
        match self {
            SourceAddress::Name(pattern) => glob(pattern, told),
            SourceAddress::Network(network, length) => told.parse::<IpAddr>().is_ok_and(|address| {
                let ((own, all), (other, of)) = (bits(*network), bits(address));
                // A shift by all bits is none in Rust; no bits are the same in all addresses.
                all == of && (*length == 0 || (own ^ other) >> (all - length) == 0)
            }),
        }
    }
}

/// The address as a number, and how many bits it has.
fn bits(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
        IpAddr::V6(address) => (u128::from(address), 128),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_are_told_apart() {
        for (asked, told, holds) in [
            ("198.51.100.7", "198.51.100.7", true),
            ("198.51.100.7", "198.51.100.70", false),
            ("198.51.100.0/24", "198.51.100.255", true),
            ("198.51.100.0/24", "198.51.101.0", false),
            ("0.0.0.0/0", "203.0.113.1", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:DB8:1::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "2001:db9::1", true),
            ("redshift.amazonaws.com", "redshift.amazonaws.com", true),
            ("*.amazonaws.com", "athena.amazonaws.com", true),
            ("AWS Internal", "AWS Internal", true),
            ("198.51.100.7", "redshift.amazonaws.com", false),
        ] {
            assert_eq!(SourceAddress::parse(asked).unwrap().holds(told), holds, "{asked} {told}");
        }
        for wrong in
            ["198.51.100", "198.51.100.0/33", "198.51.100.0/x", "10.0.0.256", "", "2001:db8::/129", "a:b", "intern"]
        {
            assert!(SourceAddress::parse(wrong).is_err(), "{wrong}");
        }
    }
}
