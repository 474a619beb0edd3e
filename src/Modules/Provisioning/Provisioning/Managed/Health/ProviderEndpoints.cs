using Flagstone.Platform.Gateway;
using Flagstone.Platform.Http;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Resources;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Flagstone.Provisioning.Managed.Health;

/// <summary>How a provider does, as the process that answers sees it.</summary>
/// <param name="Name">As settings and metrics have it: <c>sql</c>, <c>aws</c>, <c>kubernetes</c>, <c>simulated</c>.</param>
/// <param name="Health"><c>Healthy</c>, <c>Degraded</c> or <c>Down</c>. A provider that nobody asked lately is healthy.</param>
/// <param name="Reason">Why it is not healthy; null when it is.</param>
/// <param name="Since">Since when it is so; the start of the process at the earliest.</param>
/// <param name="Kinds">What it makes, each as PLURAL.GROUP.</param>
/// <param name="Recent">Its calls of the last five minutes.</param>
/// <param name="Bulkhead">What it may have of the process, and has.</param>
/// <param name="LastError">The latest call that failed or got no answer; null when there was none since the start.</param>
public sealed record ProviderView(
    string Name, string Health, string? Reason, DateTimeOffset Since, IReadOnlyList<string> Kinds, ProviderCallsView Recent, ProviderBulkheadView Bulkhead,
    ProviderErrorView? LastError);

/// <summary>Calls of the last five minutes.</summary>
/// <param name="Failures">What the provider should have done and did not.</param>
/// <param name="Unknown">What may have happened: the answer was lost or late.</param>
/// <param name="Refused">What the provider refused for a fault of the resource; no fault of the provider.</param>
/// <param name="PutOff">Reconciles that found no place and came again later.</param>
/// <param name="Median">Seconds; zero when there was no call. So are the next two.</param>
public sealed record ProviderCallsView(int Calls, int Failures, int Unknown, int Refused, int PutOff, double Median, double Percentile95, double Longest);

/// <summary>A provider's places.</summary>
/// <param name="Parallelism">So many resources at most are at the provider at once.</param>
/// <param name="PerSecond">So many calls at most begin in a second.</param>
/// <param name="Taken">Places that are taken; more than <paramref name="InFlight"/>, since a resource keeps its place between its calls.</param>
/// <param name="OldestCall">For how many seconds the oldest call has been under way; zero for none.</param>
public sealed record ProviderBulkheadView(int Parallelism, int PerSecond, int Taken, int InFlight, int Queued, double OldestCall);

/// <summary>The latest call that failed or got no answer.</summary>
/// <param name="Message">What the provider said, and of what; null for who may not see the resource.</param>
/// <param name="Resource">KIND NAMESPACE/NAME of the resource; null for who may not see it.</param>
/// <param name="Verb"><c>observe</c>, <c>create</c>, <c>update</c>, <c>delete</c> or <c>poll</c>.</param>
/// <param name="Since">When the row of failures began that it ends.</param>
/// <param name="Over">True when the provider has answered since.</param>
public sealed record ProviderErrorView(string? Message, string? Resource, string Verb, DateTimeOffset At, DateTimeOffset Since, bool Over);

internal static class ProviderEndpoints
{
    public static void MapProviders(this IEndpointRouteBuilder app)
    {
        var providers = app.MapGroup("/api/v1/providers").WithTags("Providers").RequireCaller();
        providers.MapGet("/", List).WithSummary("Lists the providers and how they do, as the process that answers sees them").WithName("ListProviders");
    }

    public static Ok<Page<ProviderView>> List(CallerContext context, ProviderHealth health, IEnumerable<IProviderDriver> drivers, KindRegistry kinds)
    {
        var made = drivers.ToLookup(d => d.Provider, d => d.Kinds, StringComparer.Ordinal);
        return TypedResults.Ok(new Page<ProviderView>([.. health.All().Select(r => View(
            r, [.. made[r.Provider].SelectMany(k => k).Select(k => k.Id.ToString()).Order(StringComparer.Ordinal)], p => MaySee(context.Caller, kinds, p.Resource)))], null));
    }

    /// <summary>What a report says to someone; the console's page shows the same.</summary>
    public static ProviderView View(ProviderReport report, IReadOnlyList<string> kinds, Func<ProviderProblem, bool> maySee)
    {
        var (figures, problem) = (report.Figures, report.Problem);
        var seen = problem is not null && maySee(problem);
        // The reason repeats what the provider said of one resource.
        var reason = seen || problem is null ? report.Reason : report.Reason.Replace(problem.Text, "what it said is for those who may see the resource", StringComparison.Ordinal);
        return new ProviderView(
            report.Provider, report.State.ToString(), reason.Length > 0 ? reason : null, report.Since, kinds,
            new ProviderCallsView(
                figures.Calls, figures.Failures, figures.Unknown, report.Refused, figures.PutOff, Seconds(report.Median), Seconds(figures.Percentile95), Seconds(report.Longest)),
            new ProviderBulkheadView(report.Bulkhead.Parallelism, report.Bulkhead.PerSecond, report.Taken, report.UnderWay, report.Queued, Seconds(figures.OldestCall)),
            problem is null ? null : new ProviderErrorView(
                seen ? problem.Text : null, seen ? $"{problem.Resource.Kind} {problem.Resource.Display}" : null, problem.Verb, problem.At, problem.Since, problem.Answered));
    }

    public static bool MaySee(Caller caller, KindRegistry kinds, ResourceKey resource) =>
        kinds.Find(resource.Kind) is { } kind && AccessRules.Refuse(caller, "get", kind, resource.Namespace) is null;

    private static double Seconds(TimeSpan time) => Math.Round(time.TotalSeconds, 3);
}
