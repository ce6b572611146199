"""What happens: simulators measure observables with error bars and never see a claim."""
