using System.ComponentModel.DataAnnotations;
using System.Net;
using Flagstone.Platform;
using Flagstone.Platform.Data;

namespace Flagstone.Host;

/// <summary>Where settings come from: environment and command line, no files that could be watched or forgotten.</summary>
internal static class HostSettings
{
    public static WebApplicationBuilder CreateBuilder(CommandLine command)
    {
        // A fresh volume has no folder for temporary files yet.
        Directory.CreateDirectory(Path.GetTempPath());
        // The content root is the program's folder: a watcher over the data folder would cost an event for each write of SQLite.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, ApplicationName = "flagstone" });
        builder.Configuration.AddEnvironmentVariables();
        builder.Configuration.AddCommandLine([.. command.Settings], CommandLine.Flags.ToDictionary());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.Services.AddRouting();
        return builder;
    }

    /// <summary>The settings; throws a <see cref="ValidationException"/> that names the bad one.</summary>
    public static PlatformOptions Read(IConfiguration configuration)
    {
        var options = Bind(configuration);
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        if (!IPAddress.TryParse(options.SiloAddress, out var address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
        {
            throw new ValidationException(
                $"The silo address '{options.SiloAddress}' is not one that other silos can call. Give --silo-address an IP address of this machine, such as 10.0.0.5.");
        }

        return options;
    }

    /// <summary>What the operator needs next, beside the log: that is JSON lines. Only the process that made the administrator's token, or was given it, has a path to show.</summary>
    public static void Announce(PlatformOptions options, DataFolder folder)
    {
        Console.Error.WriteLine($"""
            Flagstone is ready.
              console      http://{options.Address}:{options.Port}/
              kubectl      {Kubectl(folder)}
              temporal     {options.Address}:{options.TemporalPort}
              services     http://{options.Address}:{options.AppsPort}/NAMESPACE/NAME/
              admin token  {(File.Exists(folder.AdminToken) ? folder.AdminToken : "made by another process of this installation, in its data folder")}
            """);
    }

    private static PlatformOptions Bind(IConfiguration configuration)
    {
        try
        {
            return configuration.GetSection(PlatformOptions.Section).Get<PlatformOptions>() ?? new PlatformOptions();
        }
        catch (InvalidOperationException e)
        {
            throw new ValidationException($"{e.Message} Correct the flag or the environment variable.", e);
        }
    }

    private static string Kubectl(DataFolder folder) => File.Exists(folder.Kubeconfig)
        ? $"kubectl --kubeconfig {folder.Kubeconfig} api-resources"
        : $"copy admin.token of the first process to {folder.AdminToken} and start again for a kubeconfig, or use a token of your own";
}
