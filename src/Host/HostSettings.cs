using System.ComponentModel.DataAnnotations;
using Flagstone.Platform;
using Flagstone.Platform.Data;

namespace Flagstone.Host;

/// <summary>Where settings come from: environment and command line, no files that could be watched or forgotten.</summary>
internal static class HostSettings
{
    private static readonly Dictionary<string, string> Switches = new(StringComparer.Ordinal)
    {
        ["--data"] = "Flagstone:Data",
        ["--database"] = "Flagstone:Database",
        ["--address"] = "Flagstone:Address",
        ["--port"] = "Flagstone:Port",
        ["--k8s-port"] = "Flagstone:KubernetesPort",
        ["--apps-port"] = "Flagstone:AppsPort",
        ["--silo-port"] = "Flagstone:SiloPort",
    };

    public static WebApplicationBuilder CreateBuilder(string[] args)
    {
        // A fresh volume has no folder for temporary files yet.
        Directory.CreateDirectory(Path.GetTempPath());
        // The content root is the program's folder: a watcher over the data folder would cost an event for each write of SQLite.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, ApplicationName = "flagstone" });
        builder.Configuration.AddEnvironmentVariables();
        builder.Configuration.AddCommandLine([.. args.SkipWhile(a => !a.StartsWith("--", StringComparison.Ordinal))], Switches);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.Services.AddRouting();
        return builder;
    }

    /// <summary>The settings; throws a <see cref="ValidationException"/> that names the bad one.</summary>
    public static PlatformOptions Read(IConfiguration configuration)
    {
        var options = configuration.GetSection(PlatformOptions.Section).Get<PlatformOptions>() ?? new PlatformOptions();
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        return options;
    }

    public static void Announce(PlatformOptions options, DataFolder folder)
    {
        Console.WriteLine($"""
            Flagstone is ready.
              console      http://{options.Address}:{options.Port}/
              kubectl      kubectl --kubeconfig {folder.Kubeconfig} api-resources
              services     http://{options.Address}:{options.AppsPort}/NAMESPACE/NAME/
              admin token  {folder.AdminToken}
            """);
    }
}
