package main

import "context"

func measureMetering(context.Context, *bench) (string, error) { return "", nil }
