package aws

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

type (
	values = map[string]orchestrator.Value
	list   = []orchestrator.Value
)

func TestDecode(t *testing.T) {
	cases := map[string]struct {
		reason string
		given  values
		want   ec2.RunInstancesInput
		says   []string
	}{
		"OK": {
			reason: "every kind of parameter",
			given: values{
				"ImageId": "ami-1", "MinCount": int64(1), "EbsOptimized": true, "InstanceType": "t3.medium", "SecurityGroupIds": list{"sg-1", "sg-2"},
				"NetworkInterfaces": list{values{"DeviceIndex": int64(0), "NetworkInterfaceId": "eni-1"}},
				"Placement":         values{"AvailabilityZone": "us-west-1a"},
				"InstanceMarketOptions": values{"MarketType": "spot", "SpotOptions": values{
					"ValidUntil": "2026-01-02T03:04:05Z",
				}},
			},
			want: ec2.RunInstancesInput{
				ImageId: aws.String("ami-1"), MinCount: aws.Int32(1), EbsOptimized: aws.Bool(true), InstanceType: types.InstanceTypeT3Medium, SecurityGroupIds: []string{"sg-1", "sg-2"},
				NetworkInterfaces: []types.InstanceNetworkInterfaceSpecification{{DeviceIndex: aws.Int32(0), NetworkInterfaceId: aws.String("eni-1")}},
				Placement:         &types.Placement{AvailabilityZone: aws.String("us-west-1a")},
				InstanceMarketOptions: &types.InstanceMarketOptionsRequest{MarketType: types.MarketTypeSpot, SpotOptions: &types.SpotMarketOptions{
					ValidUntil: aws.Time(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)),
				}},
			},
		},
		"FirstLetter": {reason: "its case is free, at every depth", given: values{"imageId": "ami-1", "placement": values{"availabilityZone": "a"}},
			want: ec2.RunInstancesInput{ImageId: aws.String("ami-1"), Placement: &types.Placement{AvailabilityZone: aws.String("a")}}},
		"Null":      {reason: "null means not given", given: values{"ImageId": nil}},
		"Marked":    {reason: "a marked value is opened", given: values{"UserData": orchestrator.Mark("key")}, want: ec2.RunInstancesInput{UserData: aws.String("key")}},
		"ErrKey":    {reason: "an unknown key, and the nearest", given: values{"ImageID": "ami-1"}, says: []string{"ImageID is no parameter of RunInstancesInput, did you mean ImageId?"}},
		"ErrDeep":   {reason: "the whole path", given: values{"NetworkInterfaces": list{values{"SubnetID": "s"}}}, says: []string{"NetworkInterfaces[0].SubnetID is no parameter", "did you mean SubnetId?"}},
		"ErrFar":    {reason: "no guess when nothing is near", given: values{"Zyxwv": "x"}, says: []string{"Zyxwv is no parameter of RunInstancesInput"}},
		"ErrEnum":   {reason: "an enum's words are checked", given: values{"InstanceType": "t3.mediun"}, says: []string{"InstanceType must be one of", "did you mean t3.medium?"}},
		"ErrKind":   {reason: "text is no number", given: values{"MinCount": "1"}, says: []string{"MinCount must be a whole number, not a string"}},
		"ErrRange":  {reason: "a number that does not fit", given: values{"MinCount": int64(1) << 40}, says: []string{"MinCount is out of range"}},
		"ErrList":   {reason: "one is not a list", given: values{"SecurityGroupIds": "sg-1"}, says: []string{"SecurityGroupIds must be a list, not a string"}},
		"ErrMap":    {reason: "text is no map", given: values{"Placement": "us-west-1a"}, says: []string{"Placement must be a map, not a string"}},
		"ErrTime":   {reason: "a time is RFC 3339", given: values{"InstanceMarketOptions": values{"SpotOptions": values{"ValidUntil": "soon"}}}, says: []string{"InstanceMarketOptions.SpotOptions.ValidUntil must be a time"}},
		"ErrInside": {reason: "the SDK's own fields are no parameters", given: values{"ResultMetadata": values{}, "noSmithyDocumentSerde": values{}}, says: []string{"ResultMetadata is no parameter", "noSmithyDocumentSerde is no parameter"}},
		"ErrSeveral": {reason: "all problems at once", given: values{"MinCount": true, "KeyName": int64(1)},
			says: []string{"KeyName must be a string, not a whole number", "MinCount must be a whole number, not true or false"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var got ec2.RunInstancesInput
			err := decode(tc.given, &got)
			if len(tc.says) == 0 {
				if diff := cmp.Diff(tc.want, got, cmpopts.IgnoreUnexported(ec2.RunInstancesInput{}, types.InstanceNetworkInterfaceSpecification{},
					types.Placement{}, types.InstanceMarketOptionsRequest{}, types.SpotMarketOptions{})); diff != "" || err != nil {
					t.Errorf("%s: %v (-want +got):\n%s", tc.reason, err, diff)
				}
				return
			}
			for _, words := range tc.says {
				if !provider.IsFatal(err) || !strings.Contains(err.Error(), words) {
					t.Errorf("%s: error = %v, want a hopeless one with %q", tc.reason, err, words)
				}
			}
		})
	}
}

// TestDecodeKeepsSecrets holds that an error never quotes a value.
func TestDecodeKeepsSecrets(t *testing.T) {
	for name, given := range map[string]values{
		"Enum": {"InstanceType": orchestrator.Mark("hunter2hunter2")},
		"Kind": {"MinCount": orchestrator.Mark("hunter2hunter2")},
		"Map":  {"Placement": orchestrator.Mark("hunter2hunter2")},
	} {
		t.Run(name, func(t *testing.T) {
			err := decode(given, &ec2.RunInstancesInput{})
			if err == nil || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error = %v, want one that does not quote the value", err)
			}
		})
	}
}

func TestParameters(t *testing.T) {
	cases := map[string]struct {
		reason                  string
		input, property, stored orchestrator.Value
		want                    values
	}{
		"Property":   {reason: "the node's property", property: values{"A": "1", "kwargs": values{}}, want: values{"A": "1"}},
		"Kwargs":     {reason: "kwargs win", property: values{"A": "1", "B": "2", "kwargs": values{"A": "3"}}, want: values{"A": "3", "B": "2"}},
		"Input":      {reason: "an operation's input replaces the property", input: values{"B": "2"}, property: values{"A": "1"}, want: values{"B": "2"}},
		"EmptyInput": {reason: "an empty one does not", input: values{}, property: values{"A": "1"}, want: values{"A": "1"}},
		"Stored":     {reason: "else what was recorded", stored: values{"A": "1"}, want: values{"A": "1"}},
		"Empty":      {reason: "what is empty is not given", property: values{"A": nil, "B": "", "C": list{}, "D": values{}, "E": false, "F": int64(0)}, want: values{"E": false, "F": int64(0)}},
		"EmptyKwarg": {reason: "an empty kwarg takes back", property: values{"KeyName": "k", "kwargs": values{"KeyName": ""}}, want: values{}},
		"Marked":     {reason: "marks stay where they are", property: orchestrator.Mark(values{"A": "1"}), want: values{"A": orchestrator.Mark("1")}},
		"Nothing":    {reason: "nothing is an empty map", want: values{}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			call := &provider.Call{Inputs: values{"resource_config": tc.input}, Self: &provider.Instance{
				Properties: values{"resource_config": tc.property}, Runtime: values{"resource_config": tc.stored},
			}}
			if diff := cmp.Diff(tc.want, parameters(call), cmp.AllowUnexported(orchestrator.Sensitive{})); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

func TestUserData(t *testing.T) {
	for name, tc := range map[string]struct{ reason, given, want string }{
		"Plain":   {"cloud-init text is encoded", "#cloud-config\n", "I2Nsb3VkLWNvbmZpZwo="},
		"Encoded": {"base64 stays as it is", "I2Nsb3VkLWNvbmZpZwo=", "I2Nsb3VkLWNvbmZpZwo="},
	} {
		t.Run(name, func(t *testing.T) {
			if got := *encodeUserData(&tc.given); got != tc.want {
				t.Errorf("%s: got %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}

func TestRules(t *testing.T) {
	tcp := func(port int32, sources ...string) types.IpPermission {
		p := types.IpPermission{IpProtocol: aws.String("tcp"), FromPort: &port, ToPort: &port}
		for _, source := range sources {
			p.IpRanges = append(p.IpRanges, types.IpRange{CidrIp: aws.String(source)})
		}
		return p
	}
	want := []types.IpPermission{tcp(22, "10.0.0.0/8", "192.168.0.0/16"), tcp(443, "0.0.0.0/0")}
	cases := map[string]struct {
		reason           string
		have             []types.IpPermission
		missing, present []types.IpPermission
	}{
		"None": {reason: "all are missing", missing: []types.IpPermission{tcp(22, "10.0.0.0/8"), tcp(22, "192.168.0.0/16"), tcp(443, "0.0.0.0/0")}},
		"Some": {reason: "rule by rule, other rules left alone", have: []types.IpPermission{tcp(22, "10.0.0.0/8"), tcp(8080, "0.0.0.0/0")},
			missing: []types.IpPermission{tcp(22, "192.168.0.0/16"), tcp(443, "0.0.0.0/0")}, present: []types.IpPermission{tcp(22, "10.0.0.0/8")}},
		"All": {reason: "nothing is missing", have: want, present: []types.IpPermission{tcp(22, "10.0.0.0/8"), tcp(22, "192.168.0.0/16"), tcp(443, "0.0.0.0/0")}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			ignore := cmpopts.IgnoreUnexported(types.IpPermission{}, types.IpRange{})
			if diff := cmp.Diff(tc.missing, subtract(want, tc.have), ignore); diff != "" {
				t.Errorf("%s: missing (-want +got):\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.present, intersect(want, tc.have), ignore); diff != "" {
				t.Errorf("%s: present (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

func TestEndpoint(t *testing.T) {
	hosts := []string{"moto.example.test", "localhost:5000"}
	for name, tc := range map[string]struct {
		reason, endpoint string
		ok               bool
	}{
		"None":        {"the usual endpoint", "", true},
		"Allowed":     {"a host on the list, any port", "https://moto.example.test:5000", true},
		"AllowedPort": {"a host with its port on the list", "http://localhost:5000", true},
		"ErrHost":     {"a host that is not on the list would get the credentials", "https://evil.example.test", false},
		"ErrPort":     {"nor another port of a host that is listed with one", "http://localhost:6000", false},
		"ErrUser":     {"no credentials in URLs", "https://a:b@moto.example.test", false},
		"ErrScheme":   {"only http and https", "file:///etc/passwd", false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := checkEndpoint(tc.endpoint, hosts); (err == nil) != tc.ok {
				t.Errorf("%s: error = %v", tc.reason, err)
			}
		})
	}
}
