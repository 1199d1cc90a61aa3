package loadtest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"google.golang.org/protobuf/encoding/protowire"
)

// Sample is one stack of a profile with its weight.
type Sample struct {
	Stack []string // names of functions, innermost first, inlined ones included
	Value int64    // the last value of the sample: nanoseconds in a CPU profile
}

// Numbers of the fields of pprof's messages, as profile.proto lists them.
const (
	profileSample   = 2
	profileLocation = 4
	profileFunction = 5
	profileString   = 6

	sampleLocations = 1
	sampleValues    = 2

	messageID     = 1 // of location and function
	locationLine  = 4
	lineFunction  = 1
	functionNames = 2
)

// ParseProfile reads a profile as runtime/pprof writes it.
func ParseProfile(r io.Reader) ([]Sample, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("unpacking a profile: %w", err)
	}
	var b bytes.Buffer
	if _, err := io.Copy(&b, z); err != nil { //nolint:gosec // of a server that the caller started
		return nil, fmt.Errorf("unpacking a profile: %w", err)
	}
	p := rawProfile{locations: map[uint64][]uint64{}, functions: map[uint64]uint64{}}
	if err := eachField(b.Bytes(), p.field); err != nil {
		return nil, fmt.Errorf("reading a profile: %w", err)
	}
	return p.samples()
}

// rawProfile is a profile whose parts still name each other by number.
type rawProfile struct {
	stacks    []rawStack
	locations map[uint64][]uint64 // to functions, innermost first
	functions map[uint64]uint64   // to strings
	strings   []string
}

type rawStack struct {
	locations []uint64
	value     int64
}

var errProfile = errors.New("it names what it does not hold")

func (p *rawProfile) samples() ([]Sample, error) {
	out := make([]Sample, 0, len(p.stacks))
	for _, s := range p.stacks {
		sample := Sample{Value: s.value}
		for _, location := range s.locations {
			for _, function := range p.locations[location] {
				name := p.functions[function]
				if name >= uint64(len(p.strings)) {
					return nil, fmt.Errorf("reading a profile: %w", errProfile)
				}
				sample.Stack = append(sample.Stack, p.strings[name])
			}
		}
		out = append(out, sample)
	}
	return out, nil
}

func (p *rawProfile) field(n protowire.Number, number uint64, content []byte) error {
	switch n {
	case profileString:
		p.strings = append(p.strings, string(content))
	case profileSample:
		var s rawStack
		err := eachField(content, func(n protowire.Number, number uint64, packed []byte) error {
			return eachNumber(number, packed, func(v uint64) {
				switch n {
				case sampleLocations:
					s.locations = append(s.locations, v)
				case sampleValues:
					s.value = int64(v) //nolint:gosec // how protobuf writes an int64
				}
			})
		})
		p.stacks = append(p.stacks, s)
		return err
	case profileLocation:
		var id uint64
		var functions []uint64
		err := eachField(content, func(n protowire.Number, number uint64, content []byte) error {
			switch n {
			case messageID:
				id = number
			case locationLine:
				return eachField(content, func(n protowire.Number, number uint64, _ []byte) error {
					if n == lineFunction {
						functions = append(functions, number)
					}
					return nil
				})
			}
			return nil
		})
		p.locations[id] = functions
		return err
	case profileFunction:
		var id, name uint64
		err := eachField(content, func(n protowire.Number, number uint64, _ []byte) error {
			switch n {
			case messageID:
				id = number
			case functionNames:
				name = number
			}
			return nil
		})
		p.functions[id] = name
		return err
	}
	return nil
}

// eachField visits the fields of a message: number holds a varint, content
// what has a length.
func eachField(b []byte, visit func(n protowire.Number, number uint64, content []byte) error) error {
	for len(b) > 0 {
		n, kind, size := protowire.ConsumeTag(b)
		if size < 0 {
			return protowire.ParseError(size)
		}
		b = b[size:]
		var number uint64
		var content []byte
		switch kind {
		case protowire.VarintType:
			number, size = protowire.ConsumeVarint(b)
		case protowire.BytesType:
			content, size = protowire.ConsumeBytes(b)
		default:
			size = protowire.ConsumeFieldValue(n, kind, b)
		}
		if size < 0 {
			return protowire.ParseError(size)
		}
		b = b[size:]
		if err := visit(n, number, content); err != nil {
			return err
		}
	}
	return nil
}

// eachNumber visits a repeated number, which may be packed.
func eachNumber(number uint64, packed []byte, visit func(uint64)) error {
	if packed == nil {
		visit(number)
		return nil
	}
	for len(packed) > 0 {
		v, size := protowire.ConsumeVarint(packed)
		if size < 0 {
			return protowire.ParseError(size)
		}
		visit(v)
		packed = packed[size:]
	}
	return nil
}
