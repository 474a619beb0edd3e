using Flagstone.Platform.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Flagstone.Platform.Http;

/// <summary>Problems as <c>/api/v1</c> answers them (RFC 9457).</summary>
public static class ProblemResults
{
    /// <summary>Where the installation itself serves the pages of <c>docs/problems</c>: a problem's type leads there from any address of it.</summary>
    public const string Pages = "/problems";

    public static ProblemHttpResult ToResult(this Problem problem)
    {
        var details = new ProblemDetails
        {
            Type = $"{Pages}/{problem.Slug}",
            Status = problem.Status,
            Title = problem.Title,
            Detail = problem.Detail,
        };
        if (problem.Causes.Count > 0)
        {
            details.Extensions["errors"] = problem.Causes.Select(c => new ProblemError(c.Field, c.Message)).ToArray();
        }

        if (problem.Denials.Count > 0)
        {
            details.Extensions["denials"] = problem.Denials;
        }

        return TypedResults.Problem(details);
    }
}

/// <summary>One cause of a problem.</summary>
/// <param name="Field">The field's path, for example <c>spec.parameters.storageGB</c>.</param>
public sealed record ProblemError(string Field, string Message);
