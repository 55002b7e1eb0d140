package dsl

// The numbered codes of the DSL's errors (docs/dsl-compatibility.md lists all
// of them). Some numbers have two meanings, as in the original.
const (
	codeYAML               = -1
	codeStructure          = 1
	codeImportTwice        = 2
	codeSectionTwice       = 3
	codeNameClash          = 4
	codeUnknownNodeType    = 7
	codeNodeOperation      = 10
	codeImportUnreadable   = 13
	codePluginExecutor     = 18
	codeRelOperation       = 19
	codeWorkflowOperation  = 21
	codeRelToSelf          = 23
	codeNoHost             = 24
	codeRelTarget          = 25
	codeRelType            = 26
	codeNoVersion          = 27
	codeNewerImport        = 28
	codeOperationExecutor  = 28
	codeUnknownVersion     = 29
	codeMainFile           = 30
	codeGroupMember        = 40
	codeGroupPolicyType    = 41
	codeGroupTrigger       = 42
	codePluginSource       = 50
	codeScriptPathTwice    = 60
	codeNoScriptPlugin     = 61
	codeVersionMissing     = 71
	codeVersionNotText     = 72
	codeVersionFormat      = 73
	codeVersionMajor       = 74
	codeVersionMinor       = 75
	codeVersionMicro       = 76
	codeAmbiguousPlugin    = 91
	codeCircular           = 100
	codeTooNew             = 102
	codeUnknownType        = 103
	codePrimitiveRedefined = 104
	codeWrongType          = 105
	codeUndeclared         = 106
	codeMissing            = 107
	codeNotASCII           = 108
	codeTwoContainers      = 112
	codeGroupCycle         = 200
	codeTwoGroups          = 201
	codeMixedContainment   = 202
	codePolicyType         = 204
	codePolicyTarget       = 205
	codePolicyNoTargets    = 206
	codeInstanceNumbers    = 207
	codeInstanceWord       = 208
	codeInstancesTwice     = 209
	codeInstanceMap        = 210
	codeGroupNamedAsNode   = 211
	codeConstraintArgument = 212
	codeNamespaceForm      = 212
	codeConstraintFunction = 213
	codeNoNamespace        = 213
	codeInputType          = 214
	codeNamespaceUse       = 214
	codeHiddenInput        = 215
	codeLifecycleProperty  = 215
	codeDisplay            = 216
	codeLifecycleOperation = 216
	codeItemType           = 217
	codeItemTypeNotList    = 218
	codeExternalFunction   = 219
	codeImportForm         = 220
	codeImportValues       = 221
)

// undeclared are the codes of names that nothing declares.
var undeclared = map[int]bool{
	codeUnknownNodeType: true, codeRelType: true, codeRelTarget: true, codeUnknownType: true, codeUndeclared: true,
	codeNodeOperation: true, codeRelOperation: true, codeWorkflowOperation: true, codeNoScriptPlugin: true,
	codeGroupMember: true, codeGroupPolicyType: true, codeGroupTrigger: true, codePolicyTarget: true,
}
