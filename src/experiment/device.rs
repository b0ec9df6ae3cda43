//! Where a run computes.

use std::fmt;
use std::str::FromStr;

use crate::error::InvalidSetting;

/// Where steps and spectra of a run are computed; for
/// [`ExperimentBuilder::device`](super::ExperimentBuilder::device).
///
/// A card gives the numbers of the processor but for rounding (docs/cuda.md). In text, and so in a
/// configuration, a device is `cpu`, `cuda` or `cuda:1`.
///
/// ```
/// use linear_width::experiment::Device;
///
/// assert_eq!("cuda".parse(), Ok(Device::Cuda(0)));
/// assert_eq!(Device::Cuda(1).to_string(), "cuda:1");
/// assert!("gpu".parse::<Device>().is_err());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "String", into = "String")
)]
#[non_exhaustive]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// The NVIDIA card of this number, from 0. Needs the feature `cuda`.
    Cuda(usize),
}

impl Device {
    /// The problem of a device that this build cannot use.
    pub(super) fn problem(self) -> Option<InvalidSetting> {
        let compiled = self == Self::Cpu || cfg!(feature = "cuda");
        let value = self.to_string();
        (!compiled).then_some(InvalidSetting::NotCompiled {
            name: "device",
            value,
            feature: "cuda",
        })
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(0) => f.write_str("cuda"),
            Self::Cuda(ordinal) => write!(f, "cuda:{ordinal}"),
        }
    }
}

impl FromStr for Device {
    type Err = InvalidSetting;

    fn from_str(text: &str) -> Result<Self, InvalidSetting> {
        let number = |text: &str| text.parse().ok().filter(|_| !text.starts_with('+'));
        let device = match text {
            "cpu" => Some(Self::Cpu),
            "cuda" => Some(Self::Cuda(0)),
            _ => text.strip_prefix("cuda:").and_then(number).map(Self::Cuda),
        };
        device.ok_or_else(|| InvalidSetting::NoSuchDevice { value: text.to_owned() })
    }
}

impl TryFrom<String> for Device {
    type Error = InvalidSetting;

    fn try_from(text: String) -> Result<Self, InvalidSetting> {
        text.parse()
    }
}

impl From<Device> for String {
    fn from(device: Device) -> Self {
        device.to_string()
    }
}
