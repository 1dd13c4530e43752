//! Files of made-up hosts, with the neighbours of known wrong verdicts.
