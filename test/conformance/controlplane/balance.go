package main

import (
	"context"
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/util/retry"
)

// addressCondition says in a Service's status whether it has got an address, in the
// words of Cilium's LB-IPAM: Kubernetes leaves them to the load balancer.
const (
	addressCondition  = "cilium.io/IPAMRequestSatisfied"
	reasonSatisfied   = "satisfied"
	reasonOutOfPool   = "out_of_pool"
	reasonAlreadyUsed = "already_allocated"
)

// balance gives a Service of type LoadBalancer its address: the one that it asks for
// in spec.loadBalancerIP, if it is free and in the network, or else the next that was
// never used nor asked for, so that nothing stale can reach a new Service.
func (n *node) balance(s *corev1.Service) {
	if s.Spec.Type != corev1.ServiceTypeLoadBalancer || s.DeletionTimestamp != nil {
		n.release(s)
		return
	}
	if s.Spec.LoadBalancerClass != nil {
		return
	}
	ip, reason, message := n.assign(s)
	condition := metav1.Condition{Type: addressCondition, Status: metav1.ConditionTrue, Reason: reason, Message: message, ObservedGeneration: s.Generation}
	var ingress []corev1.LoadBalancerIngress
	if ip.IsValid() {
		vip := corev1.LoadBalancerIPModeVIP
		ingress = []corev1.LoadBalancerIngress{{IP: ip.String(), IPMode: &vip}}
	} else {
		condition.Status = metav1.ConditionFalse
	}
	if status := s.Status.DeepCopy(); sameIngress(status.LoadBalancer.Ingress, ingress) && !meta.SetStatusCondition(&status.Conditions, condition) {
		return
	}
	go func() {
		services := n.client.CoreV1().Services(s.Namespace)
		err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
			now, err := services.Get(context.Background(), s.Name, metav1.GetOptions{})
			if err != nil || now.UID != s.UID || !equality.Semantic.DeepEqual(now.Spec, s.Spec) {
				return err // an event of its own tells of what changed
			}
			now.Status.LoadBalancer.Ingress = ingress
			meta.SetStatusCondition(&now.Status.Conditions, condition)
			_, err = services.UpdateStatus(context.Background(), now, metav1.UpdateOptions{})
			return err
		})
		if err != nil && !apierrors.IsNotFound(err) {
			fmt.Println("load balancer address for", s.Name, err)
		}
	}()
}

func sameIngress(a, b []corev1.LoadBalancerIngress) bool {
	return len(a) == len(b) && (len(a) == 0 || a[0].IP == b[0].IP)
}

// assign takes the address that a Service is to have, and gives back another that it had.
func (n *node) assign(s *corev1.Service) (ip netip.Addr, reason, message string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	asked, lb := s.Spec.LoadBalancerIP, n.familyOf(s).lb
	if asked == "" {
		if ip, ok := n.addressOf(s); ok {
			return ip, reasonSatisfied, ""
		}
		ip = n.nextAddress(s)
	} else {
		var err error
		if ip, err = netip.ParseAddr(asked); err != nil || !lb.Contains(ip) || ip == lb.Addr() {
			n.releaseLocked(s)
			return netip.Addr{}, reasonOutOfPool, fmt.Sprintf("%s is no address of %s", asked, lb)
		}
		if owner, taken := n.lbs[ip]; taken && owner != s.UID {
			n.releaseLocked(s)
			return netip.Addr{}, reasonAlreadyUsed, fmt.Sprintf("another Service has %s", asked)
		}
		if had, ok := n.addressOf(s); ok && had != ip {
			n.releaseLocked(s)
		}
	}
	n.lbs[ip] = s.UID
	return ip, reasonSatisfied, ""
}

func (n *node) addressOf(s *corev1.Service) (netip.Addr, bool) {
	for ip, owner := range n.lbs {
		if owner == s.UID {
			return ip, true
		}
	}
	return netip.Addr{}, false
}

// nextAddress is the address that a Service has from before the node was restarted, or a new one.
func (n *node) nextAddress(s *corev1.Service) netip.Addr {
	services, _ := n.services.List(labels.Everything())
	asked := map[string]bool{}
	for _, other := range services {
		asked[other.Spec.LoadBalancerIP] = true
		for _, ingress := range other.Status.LoadBalancer.Ingress {
			asked[ingress.IP] = asked[ingress.IP] || other.UID != s.UID
		}
	}
	free := func(ip netip.Addr) bool {
		_, taken := n.lbs[ip]
		return !taken && !asked[ip.String()] && n.familyOf(s).lb.Contains(ip)
	}
	for _, ingress := range s.Status.LoadBalancer.Ingress {
		if ip, err := netip.ParseAddr(ingress.IP); err == nil && free(ip) {
			return ip
		}
	}
	for {
		n.lastLB++
		if ip := n.familyOf(s).address(n.lastLB); free(ip) {
			return ip
		}
	}
}

func (n *node) release(s *corev1.Service) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.releaseLocked(s)
}

// releaseLocked gives a Service's address back, to a Service that has been waiting for it.
func (n *node) releaseLocked(s *corev1.Service) {
	ip, ok := n.addressOf(s)
	if !ok {
		return
	}
	delete(n.lbs, ip)
	go func() {
		services, _ := n.services.List(labels.Everything())
		for _, other := range services {
			if other.Spec.LoadBalancerIP == ip.String() && other.UID != s.UID {
				n.balance(other)
			}
		}
	}()
}
