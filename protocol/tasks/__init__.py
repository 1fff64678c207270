"""Tasks on a schedule: when each of them runs, as pure rules; time is an argument."""
