//! The settings of an experiment: one row for each, which is all that a new one needs.

use super::device::Device;
use crate::data::InputLaw;
use crate::error::{InvalidSetting, in_range, nonzero};
use crate::network::{Initialisation, Scaling, SecondLayerLaw};
use crate::spectral::{MAX_POWER, OutlierRule, SpectrumMethod};
use crate::theory::prediction::{Options, PredictionError};
use crate::training::{BatchPolicy, StepSize};

/// The number type of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Precision {
    /// 32 bits: half the memory, about twice the speed.
    F32,
    /// 64 bits.
    #[default]
    F64,
}

/// The table of settings, handed to the macro `$make`.
///
/// A row is: documentation; the name, with the argument of the builder's method in brackets and, if
/// the argument is more than converted, the private method that stores it; the type and the default;
/// the check, if it needs one. From its row a setting gets a field of [`Settings`], a method of the
/// builder, and its check in `build`; TOML, report and checkpoint read the field.
macro_rules! table_of_settings {
    ($make:ident) => {
        $make! {
            /// Number N of hidden neurons. Required.
            width(usize): usize = 0,
                |s| nonzero("width", s.width).err();
            /// Input dimension d. Required.
            dimension(usize): usize = 0,
                |s| nonzero("dimension", s.dimension).err();
            /// Samples n of one batch. Required.
            samples(usize): usize = 0,
                |s| nonzero("samples", s.samples).err();
            /// The seed of everything random. Default: 0. In a configuration, seeds above 2^63 - 1
            /// are written in quotes.
            #[serde(with = "seed")]
            seed(u64): u64 = 0;
            /// The number type of the run. Default: `f64`.
            precision(Precision): Precision = Precision::F64;
            /// Where steps and spectra are computed: the processor, or with the feature `cuda` an
            /// NVIDIA card. In a configuration `"cpu"`, `"cuda"` or `"cuda:1"`. Default: the
            /// processor.
            device(Device): Device = Device::Cpu,
                |s| s.device.problem();
            /// Whether E sigma(z) is subtracted from the activation. Default: yes, as the theory
            /// assumes.
            centred(bool): bool = true;
            /// Law of the input entries; not used with a data set. Default: Gaussian.
            input_law(InputLaw): InputLaw = InputLaw::Gaussian;
            /// Law of the rows of W_0. Default: uniform on the unit sphere.
            initialisation(Initialisation): Initialisation = Initialisation::Sphere;
            /// Law of b = sqrt(N) a. Default: Gaussian.
            second_layer(SecondLayerLaw): SecondLayerLaw = SecondLayerLaw::Gaussian,
                |s| if s.width > 0 { s.second_layer.check(s.width).err() } else { None };
            /// Scaling of the output. Default: mean-field.
            scaling(Scaling): Scaling = Scaling::MeanField;
            /// One step size per gradient step: [`StepSize`]s, or plain numbers. Required.
            steps(impl IntoIterator<Item = impl Into<StepSize>> => store_steps):
                Vec<StepSize> = Vec::new(),
                |s| step_problems(&s.steps);
            /// Independent batches, one batch reused, or a fraction of it reused. Default:
            /// independent.
            batches(BatchPolicy): BatchPolicy = BatchPolicy::Independent,
                |s| s.batches.check().err();
            /// How many leading singular triplets the report describes. Default: 6, or min(N, d).
            triplets(usize): Option<usize> = None,
                |s| s.triplet_problem();
            /// Of how many leading triplets the report keeps the singular vectors. Default: none.
            vectors(usize): usize = 0,
                |s| s.vector_problem();
            /// Overlaps of left singular vectors are reported with a, a^{o2}, ... up to this
            /// entrywise power, at most 100. Default: 3.
            second_layer_powers(usize): usize = 3,
                |s| at_most("second_layer_powers", s.second_layer_powers, MAX_POWER, "at most 100");
            /// The rule that counts outliers. Default: [`OutlierRule::TracyWidom`] with level 0.05, at
            /// the edge of W_0's white noise and of each predicted bulk (docs/theory.md, section
            /// 18.4). Where a stage has no prediction, the largest gap among the first 8 singular
            /// values with a factor of 8 (fewer in small matrices, all values above rounding error in
            /// those of low rank). The report of each stage names the rule and the law of the bulk.
            outlier_rule(OutlierRule): Option<OutlierRule> = None,
                |s| s.outlier_rule.filter(|_| s.available() > 0)?.check_for(s.available()).err();
            /// How all singular values are computed. Default: [`SpectrumMethod::Automatic`].
            spectrum_method(SpectrumMethod): SpectrumMethod = SpectrumMethod::Automatic;
            /// Numbers m of samples that ridge regression on the features of every stage is trained
            /// on: the first m of [`test_batch(0, m)`](crate::Experiment::test_batch). Not with a
            /// data set. Default: none.
            readout_samples(impl Into<Vec<usize>>): Vec<usize> = Vec::new(),
                |s| s.readout_samples.contains(&0).then_some(NO_SAMPLES);
            /// The lambdas of ridge regression, in the convention of module
            /// [`readout`](crate::readout); 0 only with more samples than neurons. Default: 0.001,
            /// 0.01, 0.1, 1.
            readout_lambdas(impl Into<Vec<f64>>): Vec<f64> = vec![0.001, 0.01, 0.1, 1.0],
                |s| s.lambda_problems();
            /// Number of samples that readouts are tested on: those of
            /// [`test_batch(1, ..)`](crate::Experiment::test_batch). Default: 10000.
            readout_test_samples(usize): usize = 10_000,
                |s| at_least_two(s.readout_test_samples);
            /// Number m of samples that the spectrum of the features is measured on: those of
            /// [`test_batch(2, m)`](crate::Experiment::test_batch). Its outliers are counted by
            /// the largest gap ([`OutlierRule::LargestGap`]) with a factor of 8. Not with a data
            /// set. Default: no spectrum of the features.
            feature_samples(usize): Option<usize> = None,
                |s| nonzero("feature_samples", s.feature_samples?).err();
            /// Whether the report carries the theory's prediction beside the measurement, when
            /// there is one. Default: yes.
            with_prediction(bool): bool = true;
            /// How the prediction is evaluated. Default: [`Options::default`], whose bulk model is
            /// `Structured`.
            prediction_options(Options): Option<Options> = None,
                |s| match s.prediction_options?.check() {
                    Err(PredictionError::Invalid(problem)) => Some(problem),
                    _ => None,
                };
            /// Whether the report keeps W_0, W_1, ... Default: no.
            keep_weights(bool): bool = false;
            /// Refuses to build when the estimate [`Experiment::estimated_bytes`](crate::Experiment::estimated_bytes) is above this
            /// number of bytes. Default: no limit; the allocator is asked when the run starts, so
            /// that a network too large for any machine can still be predicted.
            memory_limit(usize): Option<usize> = None;
        }
    };
}
pub(super) use table_of_settings;

macro_rules! record {
    ($(
        $(#[doc = $doc:literal])* $(#[serde $serde:tt])?
        $name:ident($argument:ty $(=> $store:ident)?): $type:ty = $default:expr $(, $check:expr)?;
    )*) => {
        /// Every setting of an experiment that is a value, with its default; the functions
        /// (activation, target or data set) stand beside it. The builder's methods have the same
        /// names, and so have the keys of a configuration.
        ///
        /// The settings of a checked experiment have no open choices left: what depends on the
        /// others, as the number of triplets, is filled in.
        ///
        /// ```
        /// use linear_width::experiment::Settings;
        ///
        /// let settings = Settings { width: 4000, dimension: 2000, ..Settings::default() };
        /// assert_eq!(settings.estimated_bytes(), 8 * 6 * 4000 * 2000);
        /// ```
        #[derive(Clone, Debug, PartialEq)]
        #[cfg_attr(
            feature = "serde",
            derive(serde::Serialize, serde::Deserialize),
            serde(default, deny_unknown_fields)
        )]
        pub struct Settings {
            $(
                $(#[doc = $doc])*
                $(#[cfg_attr(feature = "serde", serde $serde)])?
                pub $name: $type,
            )*
        }

        impl Default for Settings {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        impl Settings {
            /// The names of all settings, in the order of the table.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),*];

            /// Every problem of a setting by itself or with the others, in the order of the table.
            pub(super) fn problems(&self) -> Vec<InvalidSetting> {
                let mut problems = Vec::new();
                $( $( problems.extend(checked(self, $check)); )? )*
                problems
            }
        }
    };
}
table_of_settings!(record);

impl Settings {
    /// min(N, d), the number of singular values.
    pub(super) fn available(&self) -> usize {
        self.width.min(self.dimension)
    }

    /// How many triplets the report describes.
    pub(super) fn triplet_count(&self) -> usize {
        self.triplets.unwrap_or(self.available().min(6))
    }

    fn triplet_problem(&self) -> Option<InvalidSetting> {
        let (asked, available) = (self.triplet_count(), self.available());
        let wrong = available > 0 && (asked == 0 || asked > available);
        wrong.then_some(InvalidSetting::TripletCount { asked, available })
    }

    fn vector_problem(&self) -> Option<InvalidSetting> {
        if self.available() == 0 || self.triplet_problem().is_some() {
            return None;
        }
        let limit = self.triplet_count();
        at_most("vectors", self.vectors, limit, "at most the number of triplets")
    }
}

/// No samples to train a readout on.
const NO_SAMPLES: InvalidSetting = InvalidSetting::ZeroSize { name: "readout_samples" };

impl Settings {
    fn lambda_problems(&self) -> Vec<InvalidSetting> {
        if self.readout_samples.is_empty() {
            return Vec::new();
        }
        if self.readout_lambdas.is_empty() {
            return vec![InvalidSetting::ZeroSize { name: "the number of readout_lambdas" }];
        }
        let overdetermined = self.readout_samples.iter().all(|samples| *samples > self.width);
        let check = |lambda: &f64| {
            let holds = *lambda > 0.0 || (*lambda == 0.0 && overdetermined);
            let allowed = "a finite number above 0, or 0 with more samples than neurons";
            in_range("readout_lambdas", *lambda, holds, allowed).err()
        };
        self.readout_lambdas.iter().filter_map(check).collect()
    }
}

fn at_least_two(samples: usize) -> Option<InvalidSetting> {
    in_range("readout_test_samples", samples as f64, samples >= 2, "at least 2").err()
}

fn at_most(
    name: &'static str,
    count: usize,
    limit: usize,
    allowed: &'static str,
) -> Option<InvalidSetting> {
    in_range(name, count as f64, count <= limit, allowed).err()
}

/// The problems of all step sizes.
fn step_problems(steps: &[StepSize]) -> Vec<InvalidSetting> {
    if steps.is_empty() {
        return vec![InvalidSetting::NoSteps];
    }
    steps.iter().zip(1..).filter_map(|(size, step)| size.check(step).err()).collect()
}

/// The result of one check; gives the closures of the table their type.
fn checked<R: IntoIterator<Item = InvalidSetting>>(
    settings: &Settings,
    check: impl FnOnce(&Settings) -> R,
) -> R {
    check(settings)
}

/// Seeds: TOML has integers up to 2^63 - 1, so that larger ones are written as text.
#[cfg(feature = "serde")]
mod seed {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    const EXPECTED: &str = "expected a seed from 0 to 2^64 - 1, in quotes above 2^63 - 1";

    pub fn serialize<S: Serializer>(seed: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        match i64::try_from(*seed) {
            Ok(seed) => serializer.serialize_i64(seed),
            Err(_) => serializer.collect_str(seed),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Seed {
            Number(u64),
            Text(String),
        }
        match Seed::deserialize(deserializer) {
            Ok(Seed::Number(seed)) => Ok(seed),
            Ok(Seed::Text(seed)) => seed.parse().map_err(|_| Error::custom(EXPECTED)),
            Err(_) => Err(Error::custom(EXPECTED)),
        }
    }
}
