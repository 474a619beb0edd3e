namespace Flagstone.Workflows.Executions;

/// <summary>What somebody did to a run, and why.</summary>
/// <param name="Verb"><c>start</c>, <c>signal</c>, <c>reset</c>, <c>decide</c>, <c>delegate</c>, <c>delete</c>, <c>skip-time</c>, <c>update</c>; of an activity also <c>cancel</c>, <c>terminate</c>, <c>pause</c>, <c>unpause</c> or <c>change-options</c>.</param>
/// <param name="Actor">The ledger's id of who did it.</param>
/// <param name="Origin">Where it came from: <c>console</c> or <c>api</c>.</param>
internal sealed record CallerAct(string Verb, string Actor, string Reason, string Origin = Evidence.ConsoleOrigin)
{
    public const string Start = "start";
    public const string Signal = "signal";
    public const string Reset = "reset";
    public const string Decide = "decide";
    public const string Delegate = "delegate";
    public const string Delete = "delete";
    public const string SkipTime = "skip-time";
    public const string Update = "update";
    public const string Cancel = "cancel";
    public const string Terminate = "terminate";
    public const string Pause = "pause";
    public const string Unpause = "unpause";
    public const string ChangeOptions = "change-options";

    /// <summary>Null for a call that gives no reason: those of SDKs, whose acts the history tells.</summary>
    public static CallerAct? Of(Call call, string verb) => call.Reason.Length == 0 ? null : new CallerAct(verb, call.Actor, call.Reason);
}
