"""Looking a benchmark's directory over before anything is built of it."""
