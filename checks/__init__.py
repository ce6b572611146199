"""Do they agree: experiments search for an instance whose error bars exclude a claim."""
