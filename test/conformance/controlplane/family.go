package main

import (
	"fmt"
	"net/netip"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// family is what the rig has of one IP family.
type family struct {
	name corev1.IPFamily
	node string       // address of bridge rig0, in the pods' network: their gateway and their way to the apiserver
	bits int          // of the pods' network
	dns  string       // address of the cluster DNS
	lb   netip.Prefix // LoadBalancer addresses; the lower half is given out unasked
	pod  func(id uint32) string
	add  string // what "ip addr add" needs besides the address
}

var families = map[string]*family{
	"ipv4": {corev1.IPv4Protocol, "198.18.0.1", 17, "198.18.128.10", netip.MustParsePrefix("198.19.0.0/16"),
		func(id uint32) string { return fmt.Sprintf("198.18.%d.%d", id>>8&127, id&255) }, ""},
	"ipv6": {corev1.IPv6Protocol, "fd12::1", 64, "fd12:0:0:1::a", netip.MustParsePrefix("fd12:0:0:2::/112"),
		func(id uint32) string { return fmt.Sprintf("fd12::%x", id) }, "nodad"},
}

// parseFamilies reads "ipv4", "ipv6" or both with a comma; the first is the one of what has one address.
func parseFamilies(text string) (list []*family, err error) {
	for _, name := range strings.Split(text, ",") {
		f := families[name]
		if f == nil {
			return nil, fmt.Errorf("%q is neither ipv4 nor ipv6", name)
		}
		list = append(list, f)
	}
	return list, nil
}

// familyOf is the one that a Service's addresses of a load balancer are of.
func (n *node) familyOf(s *corev1.Service) *family {
	for _, f := range n.families {
		if len(s.Spec.IPFamilies) > 0 && s.Spec.IPFamilies[0] == f.name {
			return f
		}
	}
	return n.families[0]
}

// address is the nth of a network of which the last 15 bits are given out.
func (f *family) address(nth int) netip.Addr {
	if f.name == corev1.IPv4Protocol {
		net := f.lb.Addr().As4()
		return netip.AddrFrom4([4]byte{net[0], net[1], byte(nth / 250 % 128), byte(1 + nth%250)})
	}
	net := f.lb.Addr().As16()
	net[14], net[15] = byte(nth/250%128), byte(1+nth%250)
	return netip.AddrFrom16(net)
}
