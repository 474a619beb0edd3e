using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Identity;

/// <summary>
/// The one place where a role's rights stand. Denies by default: a kind that no rule names is for administrators alone to change.
/// </summary>
public static class AccessRules
{
    /// <summary>Groups whose namespaced kinds a developer may change: what services are made of.</summary>
    private static readonly HashSet<string> DeveloperGroups = ["apps", "networking.k8s.io", "monitoring.coreos.com", "external-secrets.io", "backstage.io", "coordination.k8s.io", "events.k8s.io"];

    private static readonly HashSet<KindId> DeveloperKinds =
    [
        new("configmaps", ""), new("secrets", ""), new("services", ""), new("serviceaccounts", ""), new("events", ""),
        new("templateruns", "flagstone.dev"),
    ];

    /// <summary>Null when the caller may; else the reason why not.</summary>
    /// <param name="verb">A Kubernetes verb: <c>get list watch create update patch delete</c>.</param>
    public static string? Refuse(Caller caller, string verb, KindDefinition kind, string ns)
    {
        if (caller.Role == Role.Worker)
        {
            return OnlyWorkflows;
        }

        var reads = verb is "get" or "list" or "watch";
        if (caller.Role == Role.Administrator)
        {
            return caller.Namespace.Length == 0 || reads || ns == caller.Namespace ? null : OutsideScope(caller);
        }

        if (reads)
        {
            if (!kind.Sealed)
            {
                return null;
            }

            return caller.Role != Role.Developer ? $"role {Word(caller.Role)} does not read secret values"
                : caller.Namespace.Length == 0 || ns == caller.Namespace ? null
                : OutsideScope(caller);
        }

        if (caller.Role != Role.Developer)
        {
            return $"role {Word(caller.Role)} only reads";
        }

        if (caller.Namespace.Length > 0 && ns != caller.Namespace)
        {
            return OutsideScope(caller);
        }

        return MayDevelop(kind) ? null : $"role {Word(caller.Role)} does not change this kind; ask an administrator";
    }

    /// <summary>Who may read the ledger's entries and proofs.</summary>
    public static bool MayAudit(Caller caller) => caller.Role is Role.Auditor or Role.Administrator;

    /// <summary>Who may issue and revoke tokens. One that is bound to a namespace may not: it could issue one that is not.</summary>
    public static bool MayManageTokens(Caller caller) => caller is { Role: Role.Administrator, Namespace: "" };

    /// <summary>
    /// Null when the caller may start, signal, cancel and terminate workflows of a namespace, and work on their tasks; else the reason why not.
    /// Whoever is signed in reads.
    /// </summary>
    /// <param name="workflowNamespace">The namespace in Temporal's sense. A token that is bound to a namespace is for the one of the same name.</param>
    public static string? RefuseWorkflows(Caller caller, string workflowNamespace) =>
        caller.Role is not (Role.Developer or Role.Administrator or Role.Worker) ? $"role {Word(caller.Role)} only reads"
        : caller.Namespace.Length > 0 && caller.Namespace != workflowNamespace ? OutsideScope(caller)
        : caller.Role != Role.Administrator && IsPlatformWorkflows(workflowNamespace)
            ? $"namespace {workflowNamespace} has the platform's own processes; ask for one with POST /api/v1/processes, or ask an administrator"
        : null;

    /// <summary>
    /// Whether a namespace in Temporal's sense is the platform's own: what runs there acts with the platform's rights, so that administrators alone
    /// change it.
    /// </summary>
    public static bool IsPlatformWorkflows(string workflowNamespace) =>
        workflowNamespace == PlatformWorkflows || workflowNamespace.StartsWith($"{PlatformWorkflows}-", StringComparison.Ordinal);

    /// <summary>
    /// Null when the caller may list the workflows of a namespace; else the reason why not. A token that is bound to a namespace lists that one's alone.
    /// </summary>
    public static string? RefuseWorkflowLists(Caller caller, string workflowNamespace) =>
        caller.Namespace.Length > 0 && caller.Namespace != workflowNamespace ? OutsideScope(caller) : null;

    /// <summary>
    /// Null when the caller may read of a namespace in Temporal's sense; else the reason why not. A worker reads of its own alone; everybody else who is
    /// signed in reads.
    /// </summary>
    /// <param name="workflowNamespace">Empty where a call is about none.</param>
    public static string? RefuseReading(Caller caller, string workflowNamespace) =>
        caller.Role == Role.Worker && workflowNamespace != caller.Namespace ? OutsideScope(caller) : null;

    /// <summary>Null when the caller may change what Temporal's API has as resources, as far as their rights there go; else the reason why not.</summary>
    public static string? RefuseOperating(Caller caller) => caller.Role == Role.Worker ? OnlyWorkflows : null;

    /// <summary>
    /// Null when the caller may decide what workflows of a namespace ask people; else the reason why not. Of which tasks, the task says. The platform's own
    /// controllers are no people.
    /// </summary>
    /// <param name="workflowNamespace">The namespace in Temporal's sense. A token that is bound to a namespace is for the one of the same name.</param>
    public static string? RefuseDecisions(Caller caller, string workflowNamespace) =>
        caller.IsSystem ? "only people decide"
        : caller.Role is not (Role.Developer or Role.Approver or Role.Administrator) ? $"role {Word(caller.Role)} only reads"
        : caller.Namespace.Length > 0 && caller.Namespace != workflowNamespace ? OutsideScope(caller)
        : null;

    /// <summary>Who may let what somebody changed outside stay: it may be a control of the company's.</summary>
    public static bool MayLeaveDrift(Caller caller) => caller.Role == Role.Administrator;

    /// <summary>The namespace in Temporal's sense in which the platform's own processes run, unless a setting names another.</summary>
    public const string PlatformWorkflows = "flagstone";

    private const string OnlyWorkflows = "a worker's token is for workflows alone";

    private static bool MayDevelop(KindDefinition kind) =>
        kind.Namespaced
        && (kind.AskedFor || DeveloperKinds.Contains(kind.Id) || DeveloperGroups.Contains(kind.Id.Group));

    private static string OutsideScope(Caller caller) => $"the token is for namespace {caller.Namespace} alone";

    private static string Word(Role role) => role.ToString().ToLowerInvariant();
}
