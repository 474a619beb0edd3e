using Temporalio.Api.Common.V1;
using Temporalio.Api.Failure.V1;

namespace Flagstone.Workflows.Nexus;

/// <summary>What a handler answered to a request, or that it did not.</summary>
internal abstract record NexusReply
{
    private NexusReply()
    {
    }

    /// <summary>The operation is done.</summary>
    public sealed record Done(Payload? Result, IReadOnlyList<Link> Links) : NexusReply;

    /// <summary>The operation goes on, and will be completed by its callback.</summary>
    public sealed record Started(string Token, IReadOnlyList<Link> Links) : NexusReply;

    /// <summary>The operation is over without success.</summary>
    /// <param name="Cause">Why; of one that was cancelled a failure that says so.</param>
    public sealed record Unsuccessful(Failure Cause) : NexusReply;

    /// <summary>The handler has taken a cancellation.</summary>
    public sealed record Acknowledged : NexusReply;

    /// <summary>The request failed.</summary>
    /// <param name="Failure">With the kind of the handler's error.</param>
    /// <param name="IsRetryable">Whether it may go well another time.</param>
    public sealed record Rejected(Failure Failure, bool IsRetryable) : NexusReply;
}
