"""Network services (`iqmeshNetwork_*`): what each one asks and concludes, without I/O."""
