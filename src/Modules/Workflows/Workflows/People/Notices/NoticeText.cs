using System.Globalization;

namespace Flagstone.Workflows.People.Notices;

/// <summary>A notice in words: never the description or the context of a task, which may be for who decides alone. Pure.</summary>
internal static class NoticeText
{
    public static string Subject(HumanTaskRow task, NoticeKind kind) => kind switch
    {
        NoticeKind.Asked => $"To decide: {task.Request.Title}",
        NoticeKind.Reminder => $"Still to decide: {task.Request.Title}",
        NoticeKind.Escalated => $"Escalated: {task.Request.Title}",
        NoticeKind.Delegated => $"Delegated: {task.Request.Title}",
        _ => $"Decided '{task.Outcome?.Decision}': {task.Request.Title}",
    };

    public static string Body(HumanTaskRow task, NoticeKind kind, string link)
    {
        var who = kind switch
        {
            NoticeKind.Escalated => task.Request.EscalateTo,
            NoticeKind.Delegated => Delegates(task),
            _ => task.Request.Assignees,
        };
        var due = task.Live.Due is { } at ? $" until {at.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)}" : "";
        return kind == NoticeKind.Decided
            ? $"{task.Outcome?.By} decided for workflow {task.WorkflowId} in namespace {task.NamespaceName}. {link}"
            : $"Workflow {task.WorkflowId} in namespace {task.NamespaceName} asks {string.Join(", ", who)}{due}. {link}";
    }

    /// <summary>One line for a chat. Chats read angle brackets as links and calls to everybody, which a title must not make.</summary>
    public static string Line(HumanTaskRow task, NoticeKind kind, string link) =>
        $"{Subject(task, kind)} - {Body(task, kind, "")}".Replace('<', '‹').Replace('>', '›') + link;

    /// <summary>Who gets a mail: those that are named by an address.</summary>
    public static IEnumerable<string> Addresses(HumanTaskRow task, NoticeKind kind) =>
        (kind switch
        {
            NoticeKind.Escalated => task.Request.EscalateTo,
            NoticeKind.Delegated => Delegates(task),
            _ => task.Request.Assignees.Concat(Delegates(task)),
        }).Select(People.Subject.UserOf).OfType<string>().Where(name => name.Contains('@', StringComparison.Ordinal)).Distinct();

    private static IReadOnlyList<string> Delegates(HumanTaskRow task) => [.. task.Live.Delegations.Select(d => d.To).Distinct()];
}
