//! The nouns of Plimsoll: units, workloads, policies, recommendations, decisions and reasons.
