namespace Flagstone.Provisioning.Managed.Calls;

/// <summary>What a call says of the provider.</summary>
internal enum CallResult
{
    /// <summary>It answered, whatever it said of the resource.</summary>
    Answered,

    /// <summary>It refused what no repetition mends: the resource is at fault, and not the provider.</summary>
    Refused,

    /// <summary>It did not do what it should have.</summary>
    Failed,

    /// <summary>The answer was lost, or late.</summary>
    Unknown,
}

/// <param name="Problem">As the driver says it, which keeps secrets out; empty when it answered.</param>
internal readonly record struct Judged(CallResult Result, string Problem = "")
{
    public static Judged Of(Observation observation) => observation is Unobservable unseen
        ? new(unseen.OfResource ? CallResult.Refused : CallResult.Failed, unseen.Problem) : new(CallResult.Answered);

    public static Judged Of(DriverOutcome outcome) => outcome switch
    {
        Failed { Terminal: true } refused => new(CallResult.Refused, refused.Problem),
        Failed failed => new(CallResult.Failed, failed.Problem),
        Unknown unknown => new(CallResult.Unknown, unknown.Problem),
        _ => new(CallResult.Answered),
    };
}
