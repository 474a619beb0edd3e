namespace Flagstone.Host.Tests.Endpoints;

/// <summary>An endpoint on the console's port.</summary>
/// <param name="Anonymous">True when it answers who has no token.</param>
public sealed record EndpointRow(string Method, string Pattern, bool Anonymous = false);

/// <summary>Every endpoint of the platform, and who may call it without a token. A new one is added here or the tests fail.</summary>
public static class EndpointTable
{
    public static IReadOnlyList<EndpointRow> Api { get; } =
    [
        new("GET", "/api/v1/claims"),
        new("POST", "/api/v1/claims"),
        new("DELETE", "/api/v1/claims/{kind}/{ns}/{name}"),
        new("GET", "/api/v1/claims/{kind}/{ns}/{name}"),
        new("PUT", "/api/v1/claims/{kind}/{ns}/{name}"),
        new("GET", "/api/v1/claims/{kind}/{ns}/{name}/cost"),
        new("GET", "/api/v1/claims/{kind}/{ns}/{name}/drift"),
        new("POST", "/api/v1/claims/{kind}/{ns}/{name}/drift"),
        new("GET", "/api/v1/claims/{kind}/{ns}/{name}/explanation"),
        new("GET", "/api/v1/costs"),
        new("GET", "/api/v1/history/{kind}/{name}"),
        new("GET", "/api/v1/history/{kind}/{ns}/{name}"),
        new("GET", "/api/v1/humantasks"),
        new("GET", "/api/v1/humantasks/{id}"),
        new("POST", "/api/v1/humantasks/{id}/decision"),
        new("POST", "/api/v1/humantasks/{id}/delegation"),
        new("POST", "/api/v1/plans"),
        new("GET", "/api/v1/processes"),
        new("POST", "/api/v1/processes"),
        new("GET", "/api/v1/processes/{id}"),
        new("POST", "/api/v1/processes/{id}/cancellation"),
        new("GET", "/api/v1/processkinds"),
        new("GET", "/api/v1/providers"),
        new("GET", "/api/v1/runs"),
        new("GET", "/api/v1/runs/{id}"),
        new("GET", "/api/v1/runs/{id}/events"),
        new("GET", "/api/v1/services"),
        new("GET", "/api/v1/services/{ns}/{name}"),
        new("POST", "/api/v1/services/{ns}/{name}/rollback"),
        new("GET", "/api/v1/teams"),
        new("GET", "/api/v1/teams/{ns}/{name}"),
        new("GET", "/api/v1/templates"),
        new("POST", "/api/v1/templates"),
        new("GET", "/api/v1/templates/{name}"),
        new("PUT", "/api/v1/templates/{name}"),
        new("POST", "/api/v1/templates/{name}/runs"),
        new("GET", "/api/v1/tokens"),
        new("POST", "/api/v1/tokens"),
        new("DELETE", "/api/v1/tokens/{id}"),
        new("GET", "/api/v1/tokens/{id}"),
        new("GET", "/api/v1/workflowruns/{ns}/{run}/evidence"),
        new("GET", "/api/v1/workflowruns/{ns}/{run}/history"),
    ];

    /// <summary>The routes outside <c>/api/v1</c>: for programs, and the console's roots.</summary>
    public static IReadOnlyList<EndpointRow> Others { get; } =
    [
        new("GET", "/healthz", Anonymous: true),
        new("GET", "/readyz", Anonymous: true),
        new("GET", "/metrics", Anonymous: true),
        new("GET", "/openapi/v1.json", Anonymous: true),
        new("GET", "/swagger/index.html", Anonymous: true),
        new("GET", "/problems", Anonymous: true),
        new("GET", "/problems/unauthorized", Anonymous: true),
        new("GET", "/log/checkpoint", Anonymous: true),
        new("GET", "/log/key", Anonymous: true),
        new("GET", "/log/tile/0/000.p/1", Anonymous: true),
        new("GET", "/log/tile/entries/000.p/1"),
        new("GET", "/log/proof/inclusion/1"),
        new("GET", "/log/proof/consistency/1/1"),
        new("GET", "/git/nothing.git/info/refs?service=git-upload-pack"),
        new("POST", "/git/nothing.git/git-upload-pack"),
        new("POST", "/git/nothing.git/git-receive-pack"),
    ];
}
