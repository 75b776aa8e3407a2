package config

// Version is the version of the suite, and the tag of the images that it makes
// itself; .ci/images reads it here.
const Version = "0.1.0"
