using Flagstone.Platform.Resources;

namespace Flagstone.Catalog.Console;

/// <summary>The kinds that the pages read.</summary>
internal static class ConsoleKinds
{
    public static readonly KindId Component = new("components", "backstage.io");
    public static readonly KindId Team = new("groups", "backstage.io");
    public static readonly KindId Template = new("templates", "scaffolder.backstage.io");
    public static readonly KindId Run = new("templateruns", "flagstone.dev");
    public static readonly KindId Repository = new("repositories", "flagstone.dev");
    public static readonly KindId Source = new("gitsources", "flagstone.dev");
    public static readonly KindId Deployment = new("deployments", "apps");
}
